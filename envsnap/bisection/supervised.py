"""Runs a program so that nothing of it stays behind, whatever becomes of us."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Protocol

from msgspec import Struct

from envsnap.errors import BuildError, InputError
from envsnap.intake.messages import clean_message

SUPERVISOR = os.path.join(os.path.dirname(__file__), "inside", "supervisor.py")
NOT_FOUND, NOT_RUN = 127, 126
LONGEST_SAID = 65536  # bytes of its standard error

Hear = Callable[[str], None]


class Input(Protocol):
    """Where the task is written; its end ends everything."""

    def write(self, data: bytes, /) -> int:
        """Send some bytes."""

    def flush(self) -> None:
        """Send them now."""

    def close(self) -> None:
        """Send no more."""


class Output(Protocol):
    """Where the answer is read, line by line."""

    def __iter__(self) -> Iterator[bytes]:
        """The lines."""

    def close(self) -> None:
        """Read no more."""


class Process(Protocol):
    """A supervisor that runs."""

    @property
    def stdin(self) -> Input | None:
        """Its standard input."""

    @property
    def stdout(self) -> Output | None:
        """Its standard output."""

    @property
    def stderr(self) -> IO[bytes] | None:
        """Its standard error, where that is not ours."""

    def wait(self) -> int:
        """Wait for its end."""


Start = Callable[[], Process]

_RUNNING: set[Process] = set()


def here() -> Process:
    """Start a supervisor on this machine."""
    # -I: nothing of the user's environment reaches it; -S: nothing of site-packages either.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", SUPERVISOR],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def stop() -> None:
    """End everything that runs now, in whatever thread: their supervisors' input ends."""
    for process in list(_RUNNING):
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()


class Printed(Struct, frozen=True, kw_only=True):
    """What a program printed to one stream: its beginning and end, its size, its digest."""

    text: str
    size: int
    sha256: str


class Ended(Struct, frozen=True, kw_only=True):
    """How a program ended. `code` is as in a shell; `left` counts what it left running.

    `late`: it was ended because its time was up; `clean`: nothing of it is left.
    """

    code: int
    late: bool
    seconds: float
    cpu: float
    left: int
    clean: bool
    stdout: Printed
    stderr: Printed


def run(
    command: Sequence[str],
    *,
    folder: str,
    variables: Mapping[str, str],
    timeout: float,
    processors: int | None = None,
    hear: Hear | None = None,
    start: Start = here,
) -> Ended:
    """Run a program to its end, at most `timeout` seconds, and end whatever it left running.

    `hear` is told the last line that it printed, now and then; `start` says where it runs. Raises
    InputError where it cannot be started.
    """
    task = {
        "command": list(command),
        "folder": folder,
        "variables": dict(variables),
        "timeout": timeout,
        "processors": processors,
    }
    process = start()
    _RUNNING.add(process)
    try:
        answer = _answer(process, task, hear)
    finally:
        _RUNNING.discard(process)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()  # it ends everything below it when its input ends
        process.wait()
    if "failed" in answer:
        raise InputError(f"{command[0]}: cannot be run: {str(answer['failed']).lower()}")
    return _ended(answer)


def _answer(process: Process, task: Mapping[str, Any], hear: Hear | None) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(task).encode("utf-8", "surrogateescape") + b"\n")
        process.stdin.flush()
    except (BrokenPipeError, ValueError):
        raise BuildError("the program that watches over trials ended by itself") from None
    for line in process.stdout:
        record: dict[str, Any] = json.loads(line)
        if "line" not in record:
            return record
        if hear is not None:
            hear(record["line"])
    raise BuildError(f"the program that watches over trials was killed{_last(process)}")


def _last(process: Process) -> str:
    """What it said in the end, if its standard error is not ours."""
    if process.stderr is None:
        return ""
    lines = process.stderr.read(LONGEST_SAID).decode("utf-8", "replace").split("\n")
    said = next((line for line in reversed(lines) if line.strip()), "")
    return f": {clean_message(said)}" if said else ""


def _ended(answer: Mapping[str, Any]) -> Ended:
    return Ended(
        code=answer["code"],
        late=answer["late"],
        seconds=answer["seconds"],
        cpu=answer["cpu"],
        left=answer["left"],
        clean=answer["clean"],
        stdout=_printed(answer["stdout"]),
        stderr=_printed(answer["stderr"]),
    )


def _printed(said: Mapping[str, Any]) -> Printed:
    text = base64.b64decode(said["text"]).decode("utf-8", "replace")
    return Printed(text=text, size=said["size"], sha256=said["sha256"])
