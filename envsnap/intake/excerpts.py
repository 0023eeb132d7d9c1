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
from envsnap.intake.contents import is_handed_over

HEAD = 1 << 20
TAIL = 1 << 20
CHUNK = 1 << 20  # at least TAIL; what fits a processor's cache is searched in half the time
# What is kept from between, of its first and of its last failures.
BETWEEN = 1 << 19
BEFORE, AFTER = 3 << 10, 3 << 10
SAID = 80  # bytes after a word that tell one line from another
MANY = 4000
KEPT_BLOCKS = 2
LONGEST_LINE = 1 << 16
# Few, since a gigabyte is searched for each.
WORDS = (b"Traceback (most recent call last)", b"rror", b"Killed")
RARE = {b"Killed": b"K"}  # one letter is found at once: what begins with a rare one is looked up
MOST_TRIED = 64
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
        if is_handed_over(os.fstat(descriptor), path):
            os.set_blocking(descriptor, True)
        elif not stat.S_ISREG(os.fstat(descriptor).st_mode):
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
    between = _Between(head[:HEAD].count(b"\n"))
    block = bytearray(head[HEAD:] + stream.readline(LONGEST_LINE))
    size = len(block)
    while size:
        block, size = between.feed(block, size), 0
        view = memoryview(block)
        while size < CHUNK and (count := stream.readinto(view[size:CHUNK])):  # type: ignore[attr-defined]
            size += count
        line = stream.readline(LONGEST_LINE) if size else b""
        view[size : size + len(line)] = line
        size += len(line)
        view.release()
    return _joined([(0, head[:HEAD]), *between.pieces()])


class _Between:
    """What follows the head: windows around words of failures, and the tail.

    Of lines that say the same but for their numbers one is kept: a log of retries does not hide
    what is said once. Two buffers are filled in turn: memory that is new costs more than reading.
    """

    def __init__(self, line: int) -> None:
        self._line = line  # of the next byte
        self._first: list[tuple[int, bytes]] = []
        self._last: deque[tuple[int, bytes]] = deque()
        self._sizes = [0, 0]
        self._told: set[bytes] = set()
        self._blocks: list[tuple[int, bytearray, int]] = []  # the last two: line, bytes, size

    def feed(self, block: bytearray, size: int) -> bytearray:
        """Take whole lines, the first `size` bytes of a block; returns a buffer for the next ones."""
        self._search(block, size)
        self._blocks.append((self._line, block, size))
        self._line += block.count(b"\n", 0, size)
        spare = self._blocks.pop(0)[1] if len(self._blocks) > KEPT_BLOCKS else bytearray()
        return spare if len(spare) >= CHUNK + LONGEST_LINE else bytearray(CHUNK + LONGEST_LINE)

    def pieces(self) -> list[tuple[int, bytes]]:
        """Everything kept, in order, each with the number of its first line from 0."""
        line = self._blocks[0][0]
        tail = b"".join(bytes(block[:size]) for _, block, size in self._blocks)
        gone = max(0, len(tail) - TAIL)
        line, tail = line + tail.count(b"\n", 0, gone), tail[gone:]
        windows = (
            item for item in (*self._first, *self._last) if item[0] + item[1].count(b"\n") <= line
        )
        return [*windows, (line, tail)]

    def _search(self, block: bytearray, size: int) -> None:
        end = counted = line = 0
        for place in sorted(place for word in WORDS for place in self._places(block, word, size)):
            if place < end:
                continue
            start = block.rfind(b"\n", 0, max(end, place - BEFORE)) + 1
            end = min(size, place + AFTER)
            line += block.count(b"\n", counted, start)
            counted = start
            self._keep(self._line + line, bytes(block[start:end]))

    def _places(self, block: bytearray, word: bytes, size: int) -> Iterator[int]:
        """Where a word stands in a line that says something new."""
        place = _find(block, word, 0, size)
        repeated = 0
        while place >= 0:
            start = block.rfind(b"\n", 0, place) + 1
            line = bytes(block[start : min(size, place + SAID)]).partition(b"\n")[0]
            said = line.translate(None, b"0123456789")
            if said not in self._told:
                if len(self._told) < MANY:
                    self._told.add(said)
                yield place
                place = _find(block, word, place + AFTER, size)
                continue
            repeated += 1
            after = block.find(b"\n", place, size) if repeated < MANY else place + AFTER
            place = _find(block, word, after, size) if after >= 0 else -1

    def _keep(self, line: int, window: bytes) -> None:
        late = self._sizes[0] >= BETWEEN
        (self._last if late else self._first).append((line, window))
        self._sizes[late] += len(window)
        while self._sizes[1] > BETWEEN:
            self._sizes[1] -= len(self._last.popleft()[1])


def _find(block: bytearray, word: bytes, start: int, end: int) -> int:
    """Where a word stands next, or -1; by its first letter where that is rare."""
    letter = RARE.get(word)
    if letter is not None:
        for _ in range(MOST_TRIED):
            start = block.find(letter, start, end)
            if start < 0 or block.startswith(word, start, end):
                return start
            start += 1
    return block.find(word, start, end)


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
