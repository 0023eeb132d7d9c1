"""Runs a command with the recorder in it, and chooses the process that matters."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from envsnap.errors import CommandError
from envsnap.model.manifest import Manifest
from envsnap.observe import classes
from envsnap.observe import command as observing
from envsnap.observe.launch import Part, Runner, launched
from envsnap.observe.manifest import Run
from envsnap.observe.output import Copy
from envsnap.replay.esr.endings import Printed
from envsnap.replay.recorder import clocks, known, spooled, texts, written
from envsnap.replay.recorder.inside import places
from envsnap.replay.recorder.spooled import Ending, Spooled
from envsnap.replay.recorder.wanted import Wanted

INSIDE = os.path.join(os.path.dirname(__file__), "inside")


class Ended(Struct, frozen=True, kw_only=True):
    """How a command ended, and the recording of its process that matters; None: none was reached."""

    code: int
    processes: int
    chosen: Spooled | None
    run: Run
    ending: Ending
    given: Container[str]  # what was read by it, see `known`

    def notes(self) -> tuple[str, ...]:
        """What the recording should say about the choice."""
        if self.processes < 2:
            return ()
        return (
            f"one of {self.processes} processes: the first rank, or the first that called a model",
        )

    def manifest(self, label: str | None, without: Sequence[str]) -> Manifest | None:
        """What was seen of the run, laid over the facts of the process; None: it told none."""
        if self.chosen is None or self.chosen.facts is None:
            return None
        return observing.described(self.run, self.chosen.facts, label, without, observing.silent)


@contextmanager
def recorded(
    command: Sequence[str],
    *,
    wanted: Wanted,
    probe: str,
    task: Mapping[str, object] | None = None,
    stdout: int | None = None,
    without: Sequence[str] = (),
    run: Runner | None = None,
) -> Iterator[Ended]:
    """Run a command to its end; what it left lies on disk until the block ends.

    `task` is a recording to replay against, `probe` the text of the probe; what the command prints
    goes to the descriptor `stdout`. `run` runs it elsewhere, see `launched`. `without` are files of ours. Raises CommandError where the
    command cannot start.
    """
    recorder = Part(
        module="envsnap_recorder.start",
        place=INSIDE,
        options=msgspec.to_builtins(wanted),
        files={"task": None if task is None else json.dumps(task)},
    )
    output = None
    if run is None:
        sys.stdout.flush()
        output = Copy(_standard_output() if stdout is None else stdout)
    with observing.seen(command, probe=probe, parts=[recorder], output=output, run=run) as ended:
        found = spooled.find(ended.folder)
        chosen = min(found, key=lambda item: item.rank, default=None)
        given = known.of(ended.run.files.by_class, command)
        yield Ended(
            code=ended.code,
            processes=len(found),
            chosen=chosen,
            run=ended.run,
            ending=_ending(ended, output, wanted, without, given),
            given=given,
        )


def _ending(
    ended: observing.Seen,
    output: Copy | None,
    wanted: Wanted,
    without: Sequence[str],
    given: Container[str],
) -> Ending:
    """What a command printed and wrote; of one that ran elsewhere nobody knows."""
    if output is None:
        return Ending(code=ended.code)
    seen = {path for process in ended.run.processes for path in process.written}
    here = os.path.join(os.path.realpath(os.getcwd()), "")
    seen |= {path for path in ended.run.written if path.startswith(here)}  # by native code
    asked = clocks.are_asked(_own(ended.run).values())
    return Ending(
        code=ended.code,
        printed=printed(output, ended.run.began / 1e9, given, text=wanted.text, clocks=asked),
        files=written.files(
            seen,
            os.getcwd(),
            ended.run.began,
            without,
            text=wanted.text,
            known=given,
            clocks=asked,
            pids=[process.pid for process in ended.run.processes],
        ),
        sources=_sources(ended.run) if len(ended.run.processes) > 1 else {},
    )


def _sources(run: Run) -> dict[str, bytes]:
    """The code of the program that any process of the command has read, by its name."""
    return {name: text for name, text in _own(run).items() if text is not None}


def _own(run: Run) -> dict[str, bytes | None]:
    """The files of the program's own code, by their names; None: a text that is not there to be read."""
    return {
        places.shown(file.real): places.source(file.real)
        for file in run.files.by_class.get(classes.CODE, [])[: places.MOST_FILES]
        if places.is_own(file.real)
    }


def learnt(command: Sequence[str], first: Ended, wanted: Wanted) -> Ending:
    """How the command ended, with what a second run of it prints differently. Raises CommandError.

    The second run is not looked into: what it prints is all that is wanted of it.
    """
    sink, began = os.open(os.devnull, os.O_WRONLY), time.time()
    try:
        output = Copy(sink)
        with launched(command, (), output=output):
            pass
    finally:
        os.close(sink)
    one, two = first.ending.printed, printed(output, began, first.given, text=wanted.text)
    if one is None:
        return first.ending
    varies = texts.varying(one, two)
    return msgspec.structs.replace(
        first.ending, printed=msgspec.structs.replace(one, varies=varies)
    )


def _standard_output() -> int:
    """Where this program prints: descriptor 1, or nowhere if there is none."""
    try:
        os.fstat(1)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
    return 1


def printed(
    output: Copy, began: float, given: Container[str], *, text: bool, clocks: bool = True
) -> Printed:
    """What a command has printed that began at a time, in seconds since 1970.

    What it was `given` is not masked; durations are told where it asks no `clocks`.
    """
    data = bytes(output.start)
    found = texts.listed(data, (began, time.time()), text=text, known=given, clocks=clocks)
    return Printed(
        size=output.size,
        sha256=output.sha256,
        whole=output.whole and len(found.lines) < texts.MOST_LINES,
        **msgspec.structs.asdict(found),
    )


def reached(ended: Ended, command: Sequence[str]) -> Spooled:
    """The process that matters. Raises CommandError where there is none."""
    if ended.chosen is None:
        raise CommandError(
            f"{command[0]} (exit code {ended.code}) started no Python that could be recorded:"
            " it needs Python 3.8 or newer, without -I, -E or -S"
        )
    return ended.chosen
