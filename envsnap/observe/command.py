"""Observes a command from its start to its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from envsnap.errors import InputError, TargetError
from envsnap.intake import contents
from envsnap.intake import facts as intake
from envsnap.model.manifest import Manifest
from envsnap.observe import classes, inotify, journals, manifest, opened
from envsnap.observe.journals import Process
from envsnap.observe.launch import OBSERVER, Part, Runner, launched
from envsnap.observe.manifest import Progress, Run
from envsnap.observe.output import Copy

GRACE_SECONDS = 2.0
NOT_REACHED = (
    "no Python process could be looked into: it needs Python 3.8 or newer, without -I, -E or -S;"
    " only what inotify saw is known"
)
Capture = Callable[[str | None], intake.Messages]


class Observed(Struct, frozen=True, kw_only=True):
    """A command that was observed: its exit code, its manifest, and what should be said."""

    code: int
    manifest: Manifest
    notes: tuple[str, ...]


class Seen(Struct, frozen=True, kw_only=True):
    """A command that has ended: its exit code, the folder of its processes, and what was seen."""

    code: int
    folder: str
    run: Run


@contextmanager
def seen(
    command: Sequence[str],
    *,
    probe: str,
    folders: Sequence[str] = (),
    parts: Sequence[Part] = (),
    output: Copy | None = None,
    run: Runner | None = None,
) -> Iterator[Seen]:
    """Run a command and see what it does; what its processes left is there until the block ends.

    `parts` watch beside the observer, `output` takes a copy of what is printed, and `run` runs the
    command elsewhere. Raises CommandError where the command cannot be started.
    """
    folder = os.getcwd()
    watch = inotify.Watch([*suggested(command, folder), *folders])
    began = time.time_ns()
    try:
        with launched(command, [OBSERVER, *parts], probe=probe, output=output, run=run) as ended:
            processes = _ended(ended.folder)
            watch.stop()
            files = opened.gather(processes, watch.opened, folder, began)
            what = Run(
                code=ended.code,
                name=_name(command),
                processes=processes,
                files=files,
                gaps=(*watch.gaps, *_unseen(processes)),
                began=began,
                written=frozenset(watch.written),
            )
            yield Seen(code=ended.code, folder=ended.folder, run=what)
    finally:
        watch.stop()


def observe(
    command: Sequence[str],
    *,
    probe: str,
    capture: Capture,
    folders: Sequence[str] = (),
    label: str | None = None,
    progress: Progress,
) -> Observed:
    """Run a command and describe it; `folders` are watched besides those that suggest themselves.

    `probe` is the text of the probe that runs at the end of the process, and `capture` describes
    the environment of an interpreter (None: the active one) where no process lived to do so.
    Raises CommandError where the command cannot be started.
    """
    with seen(command, probe=probe, folders=folders) as ended:
        run = ended.run
        captured = _captured(run.processes, command[0], capture)
        found = manifest.build(run, captured, label, progress)
    return Observed(code=run.code, manifest=found, notes=run.gaps)


def described(
    run: Run, facts: str, label: str | None, without: Sequence[str], progress: Progress
) -> Manifest:
    """The manifest of a run from the facts that one of its processes wrote. Raises InputError.

    `without` are files that we made it read ourselves.
    """
    own = {os.path.realpath(path) for path in without}
    kinds = {
        kind: [file for file in files if file.real not in own]
        for kind, files in run.files.by_class.items()
    }
    files = msgspec.structs.replace(run.files, by_class=kinds)
    captured = intake.parse(contents.contents(facts, "the facts"), "the facts")
    return manifest.build(msgspec.structs.replace(run, files=files), captured, label, progress)


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


def suggested(command: Sequence[str], folder: str) -> list[str]:
    """Folders where a run's files usually lie: the working folder, named ones, the caches."""
    home = os.path.expanduser("~")
    hub = os.environ.get("HF_HUB_CACHE") or os.path.join(
        os.environ.get("HF_HOME") or os.path.join(home, ".cache", "huggingface"), "hub"
    )
    torch = os.environ.get("TORCH_HOME") or os.path.join(home, ".cache", "torch")
    found = [folder]
    for word in command[1:]:
        path = word.rpartition("=")[2] if word.startswith("-") else word
        if path and os.path.isdir(path):
            found.append(path)
        elif path and os.path.isfile(path):
            found.append(os.path.dirname(path) or ".")
    found.extend(place for place in (hub, torch) if os.path.isdir(place))
    return [place for place in dict.fromkeys(map(os.path.realpath, found)) if place != os.sep]


def _ended(folder: str) -> tuple[Process, ...]:
    """The processes, once all have ended: helpers outlive the command for a moment."""
    until = time.monotonic() + GRACE_SECONDS
    while True:
        found = tuple(journals.read(folder))
        if not any(_is_running(process) for process in found) or time.monotonic() > until:
            return found
        time.sleep(0.02)


def _is_running(process: Process) -> bool:
    if process.ended or not process.pid:
        return False
    try:
        with open(f"/proc/{process.pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[0] not in b"ZX"  # nobody reaped it
    except (OSError, IndexError):
        return False


def _unseen(processes: Sequence[Process]) -> list[str]:
    """What nobody could see of the processes, one line each."""
    if not processes:
        return [NOT_REACHED]
    gaps = []
    left = sum(_is_running(process) for process in processes)
    died = sum(not process.ended for process in processes) - left
    if died:
        gaps.append(f"{died} of {len(processes)} processes did not end in order")
    if left:
        gaps.append(f"{left} of {len(processes)} processes still ran when the command had ended")
    if any(not process.whole for process in processes if process.ended):
        gaps.append("a journal is not whole: more was opened than there is room for")
    for program, why in dict.fromkeys(item for process in processes for item in process.unseen):
        gaps.append(f"a process could not be looked into: {program} ({why})")
    return gaps[:20]


def _captured(processes: Sequence[Process], program: str, capture: Capture) -> intake.Messages:
    """The facts of the first process that told them; else those of its interpreter, asked now.

    Of a command that could not be looked into, its program is asked if it is a Python. Raises
    TargetError where the active environment cannot be described either.
    """
    for process in processes:
        if process.facts is None:
            continue
        try:
            return intake.parse(contents.contents(process.facts, "the facts"), "the facts")
        except InputError:
            continue  # it could not write them to their end: a full disk, a limit of its own
    first = next((item.executable for item in processes if os.path.exists(item.executable)), None)
    if first is None and os.path.basename(program).startswith(("python", "pypy")):
        first = program
    try:
        return capture(first)
    except TargetError:
        return capture(None)  # too old to be described, or gone


def _name(command: Sequence[str]) -> str:
    """The program and its script or module, without arguments: those are where passwords are."""
    words = [os.path.basename(command[0])]
    if len(command) > 1 and os.path.isfile(command[1]):
        words.append(os.path.basename(command[1]))
    elif list(command[1:2]) == ["-m"]:
        words.extend(command[1:3])
    return classes.shown(" ".join(words))
