"""Copies what a command prints on its way to where it goes.

The command still writes to a terminal where it would have written to one: then its output passes
through a terminal of ours.
"""

from __future__ import annotations

import contextlib
import os
import threading
from types import TracebackType
from typing import Self

MOST = 8 << 20
GRACE_SECONDS = 2.0


class Copy:
    """Standard output of a command: the first bytes of it, how many there were, their digest."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.size = 0
        self.start = bytearray()
        import hashlib

        self._digest = hashlib.sha256()
        self._reader, self.writer = self._channel()
        self._thread = threading.Thread(target=self._copy, daemon=True)

    def _channel(self) -> tuple[int, int]:
        """Two ends: a terminal where the target is one, else a pipe."""
        if not os.isatty(self._target):
            return os.pipe()
        import fcntl
        import pty
        import termios
        import tty

        reader, writer = pty.openpty()
        tty.setraw(writer, termios.TCSANOW)
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self._target, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(writer, termios.TIOCSWINSZ, size)
        return reader, writer

    @property
    def sha256(self) -> str:
        """The digest of all that was printed."""
        return self._digest.hexdigest()

    @property
    def whole(self) -> bool:
        """Whether `start` is all of it."""
        return self.size == len(self.start)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def started(self) -> None:
        """The command has its end: ours is closed, so that its last word is seen to be one."""
        os.close(self.writer)
        self.writer = -1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.writer >= 0:
            os.close(self.writer)
        # What a command left running may hold its output open for ever.
        self._thread.join(GRACE_SECONDS)

    def _copy(self) -> None:
        while True:
            try:
                data = os.read(self._reader, 1 << 16)
            except OSError:  # the last writer of a terminal has gone
                data = b""
            if not data:
                break
            self.size += len(data)
            self._digest.update(data)
            self.start += data[: MOST - len(self.start)]
            if not self._passed_on(data):
                break
        os.close(self._reader)

    def _passed_on(self, data: bytes) -> bool:
        """Whether the reader still takes it; where not, the command learns of it as it would."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._target, view) :]
            except OSError:
                return False
        return True
