"""Runs one command and leaves nothing of it behind.

It is started for every command of a trial, and does what only a process of its own can: it adopts
what the command leaves (PR_SET_CHILD_SUBREAPER) and ends all of it when the command ends, when
the time is up, or when whoever started it is gone, which shows as the end of its standard input.
The task is a line of JSON on standard input, the answer lines of JSON on standard output.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import hashlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Any

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, linux/prctl.h
HEAD, TAIL = 64 << 10, 192 << 10
PATIENCE = 5.0  # seconds for what hangs in the kernel
TOLD_EVERY = 0.5  # seconds between two lines of progress


class Stream:
    """What a command prints: its first and last bytes, their number, and the digest of all."""

    def __init__(self) -> None:
        self.head, self.tail = b"", b""
        self.size = 0
        self.digest = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        """Take in some bytes."""
        self.size += len(piece)
        self.digest.update(piece)
        room = HEAD - len(self.head)
        self.head += piece[:room]
        self.tail = (self.tail + piece[room:])[-TAIL:] if room < len(piece) else self.tail

    def told(self) -> dict[str, object]:
        """As plain data."""
        kept = self.head + self.tail
        return {
            "text": base64.b64encode(kept).decode("ascii"),
            "size": self.size,
            "sha256": self.digest.hexdigest(),
        }


def adopt() -> None:
    """Become the parent of what loses its parent, where the system can do that."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> list[int]:
    """The processes that a process is the parent of."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            path = f"/proc/{pid}/task/{task}/children"
            with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as stream:
                found += [int(word) for word in stream.read().split()]
    return found


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def end_all() -> bool:
    """Kill everything below this process, until nothing is left or time is up."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        below = descendants(os.getpid())
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reap()
        if not below:
            return True
        time.sleep(0.01)
    return False


def reap() -> None:
    """Collect what has ended; the codes of adopted processes are nobody's."""
    with contextlib.suppress(OSError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def started(task: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own."""
    processors = task.get("processors")

    def prepare() -> None:
        if processors and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])

    return subprocess.Popen(
        task["command"],
        cwd=task["folder"],
        env=task["variables"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=prepare if processors else None,  # noqa: PLW1509 (one thread only)
    )


class Watch:
    """Reads what a command prints until it ends, its time is up, or nobody listens any more."""

    def __init__(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        self.process = process
        self.until = time.monotonic() + timeout
        self.streams = {"stdout": Stream(), "stderr": Stream()}
        self.code: int | None = None
        self.late = False
        self.told = 0.0
        self.selector = selectors.DefaultSelector()
        assert process.stdout is not None
        assert process.stderr is not None
        self.selector.register(process.stdout, selectors.EVENT_READ, "stdout")
        self.selector.register(process.stderr, selectors.EVENT_READ, "stderr")
        self.selector.register(0, selectors.EVENT_READ, None)

    def run(self) -> None:
        """Watch to the end of the command itself; its children may go on."""
        while self.code is None:
            self.step(0.05)
            code = self.process.poll()
            if code is not None:
                self.code = 128 - code if code < 0 else code
            elif time.monotonic() > self.until:
                self.late = True
                self.code = 124
                self.process.kill()

    def step(self, patience: float) -> None:
        """Read what there is."""
        for key, _ in self.selector.select(patience):
            if key.data is None:
                if not os.read(0, 1024):
                    end_all()
                    os._exit(1)
                continue
            piece = os.read(key.fd, 65536)
            if not piece:
                self.selector.unregister(key.fileobj)
                continue
            self.streams[key.data].add(piece)
            self.tell(piece)

    def tell(self, piece: bytes) -> None:
        """Say the last line that was printed, now and then."""
        now = time.monotonic()
        if now - self.told < TOLD_EVERY:
            return
        self.told = now
        lines = piece.decode("utf-8", "replace").split("\n")
        line = next((line for line in reversed(lines) if line.strip()), "")
        say({"line": line[-200:]})

    def drain(self) -> None:
        """Read what is left in the pipes after everything has ended."""
        until = time.monotonic() + PATIENCE
        while len(self.selector.get_map()) > 1 and time.monotonic() < until:
            self.step(0.05)


def say(record: dict[str, object]) -> None:
    """One line to whoever started us."""
    os.write(1, (json.dumps(record) + "\n").encode("ascii"))


def _heard(*_: object) -> None:
    """Whoever started us ends us by closing our standard input."""


def main() -> int:
    """Run the task that standard input names."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 65536)
        if not piece:
            return 1
        line += piece
    task = json.loads(line.decode("utf-8"))
    adopt()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _heard)  # what is ignored, the command would ignore, too
    began = time.monotonic()
    try:
        process = started(task)
    except OSError as error:
        say({"failed": error.strerror or str(error), "number": error.errno})
        return 0
    watch, left, clean = Watch(process, task["timeout"]), 0, False
    try:
        watch.run()
        seconds = time.monotonic() - began
        left = len([pid for pid in descendants(os.getpid()) if pid != process.pid])
    finally:  # whoever started us may be gone while we speak
        clean = end_all()
    watch.drain()
    used = os.times()
    say(
        {
            "code": watch.code,
            "late": watch.late,
            "seconds": seconds,
            "cpu": used.children_user + used.children_system,
            "left": left,
            "clean": clean,
            "stdout": watch.streams["stdout"].told(),
            "stderr": watch.streams["stderr"].told(),
        }
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
