"""Listens to what a program reads of its standard input where that is a pipe."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
from typing import Any

LARGEST = 16 << 20


class Piped(io.FileIO):
    """Descriptor 0, with a digest of what was read of it."""

    def __init__(self) -> None:
        super().__init__(0, "rb", closefd=False)
        self._digest = hashlib.sha256()
        self._size, self._reads, self._ended = 0, 0, False

    def readinto(self, buffer: Any) -> int | None:
        """As FileIO has it."""
        count = super().readinto(buffer)
        if count is not None:
            self._take(memoryview(buffer)[:count])
        return count

    def readall(self) -> bytes:
        """As FileIO has it."""
        data = super().readall()
        self._take(memoryview(data))
        self._ended = True
        return data

    def _take(self, data: memoryview) -> None:
        self._digest.update(data)
        self._size += len(data)
        self._reads += 1
        self._ended = self._ended or not data

    def told(self) -> str | None:
        """The digest of what was read; None where that depends on how it arrived, or is much."""
        known = self._ended or self._reads == 1  # a buffer takes what has come so far
        return self._digest.hexdigest() if known and 0 < self._size <= LARGEST else None


_piped: list[Piped] = []


def listen() -> None:
    """Stand before standard input, unless it is something else than a pipe."""
    try:
        mode = os.fstat(0).st_mode
        if _piped or sys.stdin is None or not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            return
        raw = Piped()
        buffered = io.BufferedReader(raw)
        sys.stdin = io.TextIOWrapper(buffered, sys.stdin.encoding, sys.stdin.errors)
        _piped.append(raw)
    except (OSError, ValueError, AttributeError):
        pass  # it is closed, or somebody else's


def told() -> str | None:
    """The digest of what came through the pipe, if that is known."""
    return _piped[0].told() if _piped else None
