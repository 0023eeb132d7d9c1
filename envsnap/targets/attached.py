"""A program in a container, seen as a process: its streams as pipes, its end as an exit code."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO, Any

HEADER = struct.Struct(">BxxxL")  # which stream, and how many bytes follow
STDERR = 2
STEP_SECONDS = 0.05
SECONDS_UNTIL_READ = 0.002


class _Input:
    """Standard input: closing it tells the program that no more comes."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Send all of it."""
        self._stream.sendall(data)
        return len(data)

    def close(self) -> None:
        """Send no more; what the program says still arrives."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_WR)


class Attached:
    """A program in a container that this process talks to.

    `state` asks the engine for its exit code (None while it runs); `remove` ends it.
    """

    def __init__(
        self, stream: Any, state: Callable[[], int | None], remove: Callable[[], None]
    ) -> None:
        self._outer = stream
        self._stream: socket.socket = getattr(stream, "_sock", stream)
        self._stream.settimeout(None)
        self._state = state
        self._remove = remove
        self._over = threading.Event()
        ends = [os.pipe(), os.pipe()]
        self._pipes = [write for _, write in ends]
        for pipe in self._pipes:
            with contextlib.suppress(AttributeError, OSError):  # Windows has it since Python 3.12
                os.set_blocking(pipe, False)
        self.stdin: IO[bytes] | None = _Input(self._stream)  # type: ignore[assignment]
        self.stdout: IO[bytes] | None = open(ends[0][0], "rb")  # noqa: SIM115
        self.stderr: IO[bytes] | None = open(ends[1][0], "rb", buffering=0)  # noqa: SIM115
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        """Sort what arrives into the two pipes, until the stream ends."""
        with contextlib.suppress(OSError):  # a reader that went away ends it, too
            while header := self._exactly(HEADER.size):
                which, length = HEADER.unpack(header)
                pipe = self._pipes[1 if which == STDERR else 0]
                while length:
                    piece = self._stream.recv(min(length, 1 << 16))
                    if not piece:
                        break
                    length -= len(piece)
                    self._write(pipe, piece)
        for pipe in self._pipes:
            os.close(pipe)

    def _write(self, pipe: int, data: bytes) -> None:
        """Write all of it, as fast as it is read; nothing more once this has ended."""
        while data and not self._over.is_set():
            try:
                data = data[os.write(pipe, data) :]
            except BlockingIOError:
                time.sleep(SECONDS_UNTIL_READ)

    def _exactly(self, count: int) -> bytes:
        """Read so many bytes; empty at the stream's end."""
        found = b""
        while len(found) < count:
            piece = self._stream.recv(count - len(found))
            if not piece:
                return b""
            found += piece
        return found

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._state()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self._state()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("a program in a container", timeout or 0)
            time.sleep(STEP_SECONDS)
        return code

    def end(self) -> None:
        """End it, close the connection and the pipes.

        The connection first: the engine removes nothing as long as it has output to hand over.
        """
        self._over.set()
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._remove()
        self._reader.join(1.0)
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(OSError, AttributeError):
            self._outer.close()
