"""Listens to a target that may lie: every line and every byte counts against caps and deadlines."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import IO

PIECE = 1 << 16
# What a target may print before it answers: banners of login shells, warnings of wrappers.
LARGEST_PREAMBLE = 16 << 20
LARGEST_ANSWER = 64 << 20
LINES_AHEAD = 256
WAIT_SECONDS = 0.25


class FloodedError(Exception):
    """A target said more than it may; the message says what was too much."""


class Ears:
    """Reads a stream in a thread, line by line, never further ahead than a few lines."""

    def __init__(self, stream: IO[bytes], begin: bytes) -> None:
        self._stream, self._begin = stream, begin
        self._lines: queue.Queue[bytes | FloodedError | None] = queue.Queue(LINES_AHEAD)
        self._closed = threading.Event()
        self._begun = False
        self._count = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self, seconds: float) -> bytes | None:
        """Return the next line, None at the end; raises queue.Empty where none came in time.

        Raises FloodedError where the target said more than it may.
        """
        found = self._lines.get(timeout=max(0.0, seconds))
        if isinstance(found, FloodedError):
            raise found
        return found

    def close(self) -> None:
        """Listen no more."""
        self._closed.set()

    def _listen(self) -> None:
        said: bytes | FloodedError | None = None
        try:
            with contextlib.suppress(OSError, ValueError):
                self._read()
        except FloodedError as error:
            said = error
        self._put(said)

    def _read(self) -> None:
        unfinished: list[bytes] = []
        read = getattr(self._stream, "read1", self._stream.read)
        while not self._closed.is_set():
            piece: bytes = read(PIECE)
            if not piece:
                break
            self._count += len(piece)
            first, newline, rest = piece.partition(b"\n")
            unfinished.append(first)
            if newline:
                *lines, last = rest.split(b"\n")
                self._tell([b"".join(unfinished), *lines])
                unfinished = [last]
            self._bound()
        self._tell([b"".join(unfinished)])

    def _tell(self, lines: list[bytes]) -> None:
        """Hand over lines from the begin marker on; what comes before is only counted."""
        for line in lines:
            if not self._begun:
                self._begun = line == self._begin
                self._count = 0 if self._begun else self._count
            if self._begun:
                self._put(line)

    def _bound(self) -> None:
        """Refuse more than the cap, in lines or in one line that never ends."""
        limit = LARGEST_ANSWER if self._begun else LARGEST_PREAMBLE
        if self._count > limit:
            when = "in its answer" if self._begun else "before it answered"
            raise FloodedError(f"said more than {limit >> 20} MiB {when}")

    def _put(self, item: bytes | FloodedError | None) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._lines.put(item, timeout=WAIT_SECONDS)
                return
