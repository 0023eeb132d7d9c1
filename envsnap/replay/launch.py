"""Starts a command with the recorder in it, and collects what its processes left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from msgspec import Struct

from envsnap.errors import CommandError
from envsnap.replay import spooled
from envsnap.replay.spooled import Spooled
from envsnap.replay.wanted import Wanted

SITE = os.path.join(os.path.dirname(__file__), "site")


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
) -> Iterator[Ended]:
    """Run a command to its end; what it left lies on disk until the block ends.

    `task` is a recording to replay against, `probe` the text of the probe. Raises CommandError where the command cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="envsnap-") as folder:
        options = {
            "folder": os.path.join(folder, "processes"),
            **msgspec.to_builtins(wanted),
            "task": _file(folder, "task.json", None if task is None else json.dumps(task)),
            "probe": _file(folder, "probe.py", probe),
            "models_only": True,
            "python_path": os.environ.get("PYTHONPATH"),
        }
        os.mkdir(os.path.join(folder, "processes"))
        place = _file(folder, "options.json", json.dumps(options))
        assert place is not None
        code = _run(command, place, stdout)
        found = spooled.find(os.path.join(folder, "processes"))
        chosen = min(found, key=lambda item: item.rank, default=None)
        yield Ended(code=code, processes=len(found), chosen=chosen)


def reached(ended: Ended, command: Sequence[str]) -> Spooled:
    """The process that matters. Raises CommandError where there is none."""
    if ended.chosen is None:
        raise CommandError(
            f"{command[0]} (exit code {ended.code}) started no Python that could be recorded:"
            " it needs Python 3.8 or newer, without -I, -E or -S"
        )
    return ended.chosen


def _file(folder: str, name: str, text: str | None) -> str | None:
    if text is None:
        return None
    place = os.path.join(folder, name)
    with open(place, "w", encoding="utf-8") as stream:
        stream.write(text)
    return place


def _run(command: Sequence[str], options: str, stdout: int | None) -> int:
    """The command's exit code, as a shell tells it."""
    paths = [SITE, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "ENVSNAP_RECORDER": options,
    }
    try:
        process = subprocess.Popen(list(command), env=environment, stdout=stdout)
    except FileNotFoundError:
        raise CommandError(f"{command[0]}: no such command", 127) from None
    except OSError as error:
        raise CommandError(f"{command[0]}: cannot be run: {error.strerror}", 126) from None
    restore = _ignored(signal.SIGINT)  # the terminal sends it to the command, too
    try:
        code = process.wait()
    finally:
        restore()
    return code if code >= 0 else 128 - code


def _ignored(number: signal.Signals) -> Callable[[], None]:
    """Ignore a signal until the function that is returned is called."""
    before = signal.signal(number, signal.SIG_IGN)

    def restore() -> None:
        signal.signal(number, before)

    return restore
