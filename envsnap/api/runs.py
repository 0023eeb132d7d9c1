"""Runs: observed, recorded, and compared layer by layer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from envsnap.api.environments import DEFAULT_DEADLINE, Progress, capture
from envsnap.errors import CommandError, InputError

INTERRUPTED = 128 + 2  # Ctrl-C, as a shell tells it

if TYPE_CHECKING:
    from envsnap.intake import facts
    from envsnap.model.manifest import Manifest
    from envsnap.observe.command import Observed
    from envsnap.replay.compare.verdict import Verdict
    from envsnap.replay.esr.archive import Recording
    from envsnap.replay.esr.recording import Record
    from envsnap.replay.recorder.program import Recording as ProgramRecording


def observe_command(
    command: Sequence[str],
    *,
    label: str | None = None,
    env: Sequence[str] = (),
    watch: Sequence[str] = (),
    progress: Progress | None = None,
) -> Observed:
    """Run a command and capture it: exit code, manifest, and notes on what was not seen.

    The manifest describes the command's first process, or rank 0. It includes the files that all its
    processes opened and the seeds that they set.

    Args:
        command: The command and its arguments.
        label: Your name for the run.
        env: Further environment variables whose values to record.
        watch: Further folders whose files native code may open.
        progress: Called with (bytes done, bytes in all) while files are hashed after the run.

    Raises:
        CommandError: If the command cannot be started.
        InputError: If a folder does not exist.

    """
    from envsnap.observe import command as observing

    def described(python: str | None) -> facts.Messages:
        from envsnap.targets import interpreter, running

        place = interpreter.named(python) if python is not None else interpreter.active()[0]
        options = {**_nothing_named(env), "import": True, "deadline": DEFAULT_DEADLINE}
        return running.Run(place, options, DEFAULT_DEADLINE).messages()

    for folder in watch:
        if not os.path.isdir(folder):
            raise InputError(f"{folder}: no such folder to watch")
    return observing.observe(
        command,
        probe=portable_probe(env),
        capture=described,
        folders=watch,
        label=label,
        progress=progress or observing.silent,
    )


def record(
    path: str,
    *,
    label: str | None = None,
    full: bool | None = None,
    calls: int = 1,
    repeat: int = 0,
    zoom: bool = False,
    roots: Sequence[str] = (),
    text: bool = False,
    golden: Recording | None = None,
) -> ProgramRecording:
    """Record the models that are called in a `with` block.

    Args:
        path: The recording to write.
        label: Your name for the run.
        full: Keep every input of a layer (True) or none (False); by default up to 48 MiB.
        calls: How many calls of each model to record layer by layer. Of further calls, inputs and
            results are recorded as digests.
        repeat: Call the model this many times more, to measure latency.
        zoom: Call the model once more, to record the names of its kernels.
        roots: Record only these models.
        text: Keep printed words, not only their digests.
        golden: A golden recording. Each layer also runs alone on its inputs, which makes
            `compare` most exact.

    Raises:
        InputError: If an option or the path cannot be used.

    """
    from envsnap.replay.esr import archive
    from envsnap.replay.recorder.program import Recording
    from envsnap.replay.recorder.wanted import Wanted

    def described() -> Manifest:
        return capture(label=label, import_frameworks=False)

    task = None if golden is None else archive.as_task(golden, os.path.abspath(golden.name))
    wanted = Wanted(
        full=full, calls=calls, repeat=repeat, zoom=zoom, roots=tuple(roots),
        text=text or golden is not None,
    )  # fmt: skip
    return Recording(path, described, label=label, wanted=wanted, task=task)


def record_command(
    command: Sequence[str],
    path: str,
    *,
    label: str | None = None,
    full: bool | None = None,
    calls: int = 1,
    repeat: int = 0,
    zoom: bool = False,
    roots: Sequence[str] = (),
    text: bool = False,
) -> tuple[int, Record]:
    """Run a command and record the models that it calls; returns its exit code and the record.

    With `repeat` the command runs a second time, to learn what its output varies in. Raises
    CommandError if the command cannot run or starts no Python that can be recorded, and InputError if
    the path cannot be written.
    """
    from envsnap.model import storage
    from envsnap.replay.recorder import launch, spooled
    from envsnap.replay.recorder.wanted import Wanted

    storage.require_place(path)
    wanted = Wanted(full=full, calls=calls, repeat=repeat, zoom=zoom, roots=tuple(roots), text=text)
    with launch.recorded(command, wanted=wanted, probe=portable_probe(), without=[path]) as ended:
        chosen = launch.reached(ended, command)
        if not chosen.called:
            ended_with = f" (exit code {ended.code})" if ended.code else ""
            raise CommandError(
                f"no model of torch was called{ended_with}: nothing was recorded; the command was"
                f" run as {_found(command)}",
                ended.code or 125,
            )
        ending = launch.learnt(command, ended, wanted) if repeat else ended.ending
        manifest = ended.manifest(label, [path])
        saved = spooled.save(path, chosen, manifest, label, ended.notes(), ending)
        return ended.code, saved


def _found(command: Sequence[str]) -> str:
    """The program that a command's first word names here."""
    import shutil

    return shutil.which(command[0]) or command[0]


def record_data(data: str, path: str, *, label: str | None = None) -> Record:
    """Describe the columns of a data file, to compare them with another file's. Raises InputError."""
    from envsnap.model import storage
    from envsnap.replay.recorder import datasets, spooled

    storage.require_place(path)
    features, notes = datasets.describe(data)
    return spooled.save_features(path, features, label, notes)


def portable_probe(env: Sequence[str] = (), *, here: bool = True) -> str:
    """Return a probe that captures the program that runs it, `here` or in a container."""
    from envsnap.targets import script

    options = {
        **_nothing_named(env),
        "seeds": {},
        "travels": True,
        "import": False,
        "deadline": DEFAULT_DEADLINE,
        **(script.place() if here else {}),
    }
    return script.build(options, script.new_marker(), nvml=not here or script.has_driver())


def _nothing_named(env: Sequence[str]) -> dict[str, object]:
    """The probe's options where the user names no files."""
    return {"configs": [], "weights": [], "data": [], "env": list(env), "verify_files": False}


def load_recording(path: str) -> Recording:
    """Read a recording. Raises InputError."""
    from envsnap.replay.esr import archive

    return archive.read(path)


def compare(golden: Recording, other: Recording, *, strict: bool = False) -> Verdict:
    """Compare two recorded runs and find the first place where they differ.

    Args:
        golden: The run that counts as right.
        other: The run that is judged.
        strict: Require equal bits, not only equality within rounding.

    """
    from envsnap.replay.compare import ladder

    return ladder.compare(golden, other, strict=strict)


def compare_command(
    golden: Recording,
    command: Sequence[str],
    *,
    strict: bool = False,
    keep: str | None = None,
    repeat: int = 0,
    zoom: bool = False,
    calls: int = 1,
    roots: Sequence[str] = (),
) -> Verdict:
    """Run a command, replay the golden layers in it, and compare; `keep` names its recording.

    The command's output goes to standard error. Raises CommandError and InputError.
    """
    import tempfile

    from envsnap.model import storage
    from envsnap.replay.compare import ladder
    from envsnap.replay.esr import archive
    from envsnap.replay.recorder import launch, spooled
    from envsnap.replay.recorder.wanted import Wanted

    if keep is not None:
        storage.require_place(keep)
    _require_recorded(golden, repeat=repeat, zoom=zoom)
    task = archive.as_task(golden, os.path.abspath(golden.name))
    wanted = Wanted(calls=calls, repeat=repeat, zoom=zoom, roots=tuple(roots), text=True)
    own = [golden.name, *([keep] if keep is not None else ())]
    with (
        tempfile.TemporaryDirectory(prefix="envsnap-") as folder,
        launch.recorded(
            command, wanted=wanted, task=task, probe=portable_probe(), stdout=2, without=own
        ) as ended,
    ):
        chosen = launch.reached(ended, command)
        path = keep or os.path.join(folder, "here.esr")
        if ended.code == INTERRUPTED:
            raise KeyboardInterrupt
        manifest = ended.manifest("here", own)
        spooled.save(path, chosen, manifest, "here", ended.notes(), ended.ending)
        here = archive.read(path)
        verdict = compare(golden, here, strict=strict)
        if ended.code == golden.record.exit_code:
            return verdict
        return ladder.of_command(verdict, ended.code, _found(command), golden, here)


def _require_recorded(golden: Recording, *, repeat: int, zoom: bool) -> None:
    """Refuse to ask for what the golden recording cannot be compared by."""
    calls = golden.record.calls
    if repeat and calls and calls[0].repeats is None:
        raise InputError(f"{golden.name}: holds no timings: record it with --repeat {repeat}")
    if zoom and calls and calls[0].kernels is None:
        raise InputError(f"{golden.name}: holds no names of kernels: record it with --zoom")
