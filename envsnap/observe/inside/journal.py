"""Keeps what was seen where it outlives the process: in mapped files, without a call of the kernel.

A line is a JSON list of texts. It is in the file as soon as it is written, also where the process
is killed a moment later; closing all descriptors does not touch a mapping, and none of ours can
be mistaken for one of the script's. What a file has left over is zeros.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SEGMENT = 256 << 10
MOST_SEGMENTS = 64
LONGEST_FIELD = 8192


class Journal:
    """The journal of one process.

    `place` gives its folder when the first line is written, and `first` writes that line.
    """

    def __init__(self, place: Any, first: Any) -> None:
        from _thread import RLock

        self._place, self._first, self._new_lock = place, first, RLock
        self._folder: str | None = None
        self._lock: Any = RLock()
        self._map: Any = None
        self._at = self._count = 0
        self._full = False
        # A mapping that is given up would close a descriptor whose number may be the script's now.
        self._kept: list[Any] = []

    def forked(self) -> None:
        """Begin anew in a copy of the process that wrote so far."""
        self._lock = self._new_lock()
        self._folder, self._map = None, None
        self._at = self._count = 0
        self._full = False

    @property
    def begun(self) -> bool:
        """Whether this very process has written anything."""
        return self._folder is not None

    def begin(self) -> None:
        """Write the first line now. Raises OSError where there is no room for it."""
        self._extend()

    def write(self, *fields: str) -> None:
        """Add a line. Raises OSError where there is no room for it."""
        text = '","'.join(fields)
        plain = text.isascii() and text.isprintable() and "\\" not in text
        if plain and text.count('"') == 2 * len(fields) - 2 and len(text) < LONGEST_FIELD:
            line = b'["%s"]\n' % text.encode("ascii")
        else:
            line = _encoded(fields)
        with self._lock:
            if self._full:
                return
            if self._map is None or self._at + len(line) > SEGMENT:
                self._extend()
            target, begin = self._map, self._at
            self._at = end = begin + len(line)
        target[begin:end] = line

    def _extend(self) -> None:
        """Map another file. Its blocks are reserved now: a full disk must not stop the script later."""
        from mmap import mmap

        if self._count == MOST_SEGMENTS:
            self._full = True
            raise OSError("the journal is full")
        if self._folder is None:
            self._folder = self._place()
        self._full = True  # until there is room; opening it is no event of the script's
        place = os.path.join(self._folder, "journal.%02d" % self._count)
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, SEGMENT)
            else:
                os.write(descriptor, bytes(SEGMENT))
            self._map = mmap(descriptor, SEGMENT)
        finally:
            os.close(descriptor)
        self._kept.append(self._map)
        self._at, self._full = 0, False
        self._count += 1
        if self._count == 1:
            self._first()


def _encoded(fields: tuple[str, ...]) -> bytes:
    """A line of texts that need more than quotes, which are few."""
    from json.encoder import encode_basestring_ascii

    quoted = [encode_basestring_ascii(field[:LONGEST_FIELD]) for field in fields]
    return ("[%s]\n" % ",".join(quoted)).encode("ascii")
