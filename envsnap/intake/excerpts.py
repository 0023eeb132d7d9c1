"""Reads a text of any length in bounded memory: both ends, and what looks like a failure between.

A failure is at the end of a log, or at the beginning of what one rank wrote; in between, only lines
around words of failures are kept. Where lines are left out, a line of its own says how many, so
that the others keep their numbers.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from envsnap.errors import InputError

HEAD = 1 << 20
TAIL = 1 << 20
CHUNK = 4 << 20
# What is kept from between, of its first and of its last failures.
BETWEEN = 1 << 19
BEFORE, AFTER = 3 << 10, 3 << 10
SAID = 80  # bytes after a word that tell one line from another
MANY = 4000
LONGEST_LINE = 1 << 16
# Few, since a gigabyte is searched for each.
WORDS = (b"Traceback (most", b"rror", b"Killed")
LEFT_OUT = re.compile(r"\[… (\d{1,15}) lines left out …\]")


def load(path: str) -> str:
    """Read an error text or a log; `-` is standard input. Raises InputError.

    The file is opened once and checked after opening.
    """
    if path == "-":
        return excerpt(sys.stdin.buffer)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(f"{path}: is not a regular file; pipe it in and name it -")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return excerpt(stream)
    finally:
        os.close(descriptor)


def excerpt(stream: BinaryIO) -> str:
    """Read a whole stream and return what a reader of failures needs of it.

    Bytes that are no UTF-8 are replaced: a log of another encoding is still readable.
    """
    head = _read(stream, HEAD + TAIL)
    if len(head) < HEAD + TAIL:
        return head.decode("utf-8", "replace")
    between = _Between(head[HEAD:] + stream.readline(LONGEST_LINE), head[:HEAD].count(b"\n"))
    while chunk := _read(stream, CHUNK):
        between.feed(chunk + stream.readline(LONGEST_LINE))
    return _joined([(0, head[:HEAD]), *between.pieces()])


class _Between:
    """What follows the head: windows around words of failures, and the tail.

    Of lines that say the same but for their numbers one is kept: a log of retries does not hide
    what is said once.
    """

    def __init__(self, first: bytes, line: int) -> None:
        self._line = line  # of the next byte
        self._first: list[tuple[int, bytes]] = []
        self._last: deque[tuple[int, bytes]] = deque()
        self._sizes = [0, 0]
        self._told: set[bytes] = set()
        self._tail: deque[tuple[int, bytes]] = deque()
        self.feed(first)

    def feed(self, block: bytes) -> None:
        """Take whole lines."""
        self._search(block)
        self._tail.append((self._line, block))
        self._line += block.count(b"\n")
        while sum(len(item) for _, item in self._tail) - len(self._tail[0][1]) >= TAIL:
            self._tail.popleft()

    def pieces(self) -> list[tuple[int, bytes]]:
        """Everything kept, in order, each with the number of its first line from 0."""
        line, tail = self._tail[0][0], b"".join(item for _, item in self._tail)
        gone = max(0, len(tail) - TAIL)
        line, tail = line + tail.count(b"\n", 0, gone), tail[gone:]
        windows = (
            item for item in (*self._first, *self._last) if item[0] + item[1].count(b"\n") <= line
        )
        return [*windows, (line, tail)]

    def _search(self, block: bytes) -> None:
        end = counted = line = 0
        for place in sorted(place for word in WORDS for place in self._places(block, word)):
            if place < end:
                continue
            start = block.rfind(b"\n", 0, max(end, place - BEFORE)) + 1
            end = min(len(block), place + AFTER)
            line += block.count(b"\n", counted, start)
            counted = start
            self._keep(self._line + line, block[start:end])

    def _places(self, block: bytes, word: bytes) -> Iterator[int]:
        """Where a word stands in a line that says something new."""
        place = block.find(word)
        repeated = 0
        while place >= 0:
            start = block.rfind(b"\n", 0, place) + 1
            said = block[start : place + SAID].partition(b"\n")[0].translate(None, b"0123456789")
            if said not in self._told:
                if len(self._told) < MANY:
                    self._told.add(said)
                yield place
                place = block.find(word, place + AFTER)
                continue
            repeated += 1
            after = block.find(b"\n", place) if repeated < MANY else place + AFTER
            place = block.find(word, after) if after >= 0 else -1

    def _keep(self, line: int, window: bytes) -> None:
        late = self._sizes[0] >= BETWEEN
        (self._last if late else self._first).append((line, window))
        self._sizes[late] += len(window)
        while self._sizes[1] > BETWEEN:
            self._sizes[1] -= len(self._last.popleft()[1])


def _joined(pieces: list[tuple[int, bytes]]) -> str:
    told: list[str] = []
    line = 0
    for first, piece in pieces:
        if told and first > line:
            told.append(f"\n[… {first - line} lines left out …]\n")
        told.append(piece.decode("utf-8", "replace"))
        line = first + piece.count(b"\n")
    return "".join(told)


def _read(stream: BinaryIO, size: int) -> bytes:
    """Read as much as asked for, unless the stream ends: pipes give less at a time."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
