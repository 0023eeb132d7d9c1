"""Runs a command with the recorder in it, and chooses the process that matters."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from envsnap.errors import CommandError
from envsnap.observe.launch import Part, Runner, launched
from envsnap.replay.recorder import spooled
from envsnap.replay.recorder.spooled import Spooled
from envsnap.replay.recorder.wanted import Wanted

INSIDE = os.path.join(os.path.dirname(__file__), "inside")


class Ended(Struct, frozen=True, kw_only=True):
    """How a command ended, and the recording of its process that matters; None: none was reached."""

    code: int
    processes: int
    chosen: Spooled | None

    def notes(self) -> tuple[str, ...]:
        """What the recording should say about the choice."""
        if self.processes < 2:
            return ()
        return (f"one of {self.processes} processes: the first that called a model",)


@contextmanager
def recorded(
    command: Sequence[str],
    *,
    wanted: Wanted,
    task: Mapping[str, object] | None = None,
    probe: str | None = None,
    stdout: int | None = None,
    run: Runner | None = None,
) -> Iterator[Ended]:
    """Run a command to its end; what it left lies on disk until the block ends.

    `task` is a recording to replay against, `probe` the text of the probe. Raises CommandError where the command cannot start.
    """
    recorder = Part(
        module="envsnap_recorder.start",
        place=INSIDE,
        options=msgspec.to_builtins(wanted),
        files={"task": None if task is None else json.dumps(task)},
    )
    with launched(command, [recorder], probe=probe, stdout=stdout, run=run) as ended:
        found = spooled.find(ended.folder)
        chosen = min(found, key=lambda item: item.rank, default=None)
        yield Ended(code=ended.code, processes=len(found), chosen=chosen)


def reached(ended: Ended, command: Sequence[str]) -> Spooled:
    """The process that matters. Raises CommandError where there is none."""
    if ended.chosen is None:
        raise CommandError(
            f"{command[0]} (exit code {ended.code}) started no Python that could be recorded:"
            " it needs Python 3.8 or newer, without -I, -E or -S"
        )
    return ended.chosen
