"""Starts a command with parts of ours in its Python processes, and waits for its end."""

from __future__ import annotations

import marshal
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from msgspec import Struct

from envsnap.errors import CommandError
from envsnap.observe.output import Copy

HERE = os.path.dirname(__file__)
SITE, INSIDE = os.path.join(HERE, "site"), os.path.join(HERE, "inside")
VARIABLE = "ENVSNAP_RUN"


class Part(Struct, frozen=True, kw_only=True):
    """A module of a package that is loaded by its place in each Python process of the command.

    `options` are plain data; `files` are texts that lie beside it while the command runs, and
    the options name their places under the same keys.
    """

    module: str
    place: str
    options: Mapping[str, object] = {}
    files: Mapping[str, str | None] = {}


# Given the command, the folder of the run and the variables; returns the exit code.
Runner = Callable[[Sequence[str], str, Mapping[str, str]], int]
OBSERVER = Part(module="envsnap_inside.observer", place=INSIDE)


class Ended(Struct, frozen=True, kw_only=True):
    """How a command ended: its exit code as a shell tells it, and a folder with one a process."""

    code: int
    folder: str


@contextmanager
def launched(
    command: Sequence[str],
    parts: Sequence[Part],
    *,
    probe: str | None = None,
    output: Copy | None = None,
    run: Runner | None = None,
) -> Iterator[Ended]:
    """Run a command to its end; what its processes left lies on disk until the block ends.

    `probe` is the text of the probe, for parts that want the facts of a process; `output` takes a
    copy of what the command prints. `run` runs the command elsewhere, where these folders are,
    too: it is given the command, the folder of this run, and the variables to set. Raises
    CommandError where the command cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="envsnap-") as folder:
        processes = os.path.join(folder, "processes")
        os.mkdir(processes)
        options = {
            "folder": processes,
            "probe": _file(folder, "probe.py", probe),
            "python_path": os.environ.get("PYTHONPATH"),
            "parts": [
                {
                    "module": part.module,
                    "place": part.place,
                    "options": {
                        **part.options,
                        **{key: _file(folder, key, text) for key, text in part.files.items()},
                    },
                }
                for part in parts
            ],
        }
        place = os.path.join(folder, "options")
        with open(place, "wb") as stream:
            stream.write(marshal.dumps(options, 2))  # a version that every Python 3 reads
        if run is None:
            code = _run(command, place, output)
        else:
            code = run(command, folder, {"PYTHONPATH": SITE, VARIABLE: place})
        yield Ended(code=code, folder=processes)


def _file(folder: str, name: str, text: str | None) -> str | None:
    if text is None:
        return None
    place = os.path.join(folder, name)
    with open(place, "w", encoding="utf-8") as stream:
        stream.write(text)
    return place


def _run(command: Sequence[str], options: str, output: Copy | None) -> int:
    """The command's exit code, as a shell tells it."""
    with output or nullcontext():
        return _waited(command, options, output)


def _waited(command: Sequence[str], options: str, output: Copy | None) -> int:
    paths = [SITE, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), VARIABLE: options}
    try:
        stdout = None if output is None else output.writer
        # What was opened for the command (a jobserver, `<(…)`, a listening socket) is handed on.
        process = subprocess.Popen(list(command), env=environment, stdout=stdout, close_fds=False)
    except FileNotFoundError:
        raise CommandError(f"{command[0]}: no such command", 127) from None
    except OSError as error:
        raise CommandError(f"{command[0]}: cannot be run: {error.strerror}", 126) from None
    if output is not None:
        output.started()
    with _signals_for(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


PASSED_ON = signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2


def _in_foreground() -> bool:
    """Whether a terminal sends Ctrl-C to our group of processes, and so to the command."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


@contextmanager
def _signals_for(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the command be ended in our place: what it did is still to be written down."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def pass_on(number: int, _: object) -> None:
        process.send_signal(number)

    def interrupt(number: int, _: object) -> None:
        if not _in_foreground():  # there the terminal sends it to the command, too
            process.send_signal(number)

    handlers: dict[signal.Signals, Callable[[int, object], None]] = {
        signal.SIGINT: interrupt,
        signal.SIGQUIT: interrupt,
        **dict.fromkeys(PASSED_ON, pass_on),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
