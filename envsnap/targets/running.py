"""Runs the probe and listens until its end marker, never for the end of its pipes."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from envsnap.errors import TargetError
from envsnap.probe import output
from envsnap.probe.collectors import driver
from envsnap.targets import script

if TYPE_CHECKING:
    from envsnap.intake import facts
    from envsnap.targets.target import Place

REFUSED = (86, 87)  # a Python that is too old, or that lacks a part of its library
GRACE_SECONDS = 5.0
STDERR_LIMIT = 16 << 10

Progress = Callable[[int, int], None]


class Run:
    """One run of the probe: started at once, read when the caller is ready to wait."""

    def __init__(self, place: Place, options: dict[str, object], deadline: float) -> None:
        self._options = {**options, **place.options(), "deadline": deadline}
        self._marker = script.new_marker()
        self._ours = place.environment() is None
        self._name = place.command()[0]
        self._until = time.monotonic() + deadline + GRACE_SECONDS
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stderr = bytearray()
        self._process = place.start()
        self._ears = threading.Thread(target=self._hear_errors, daemon=True)
        self._ears.start()
        for work in (self._feed, self._listen):
            threading.Thread(target=work, daemon=True).start()

    def _feed(self) -> None:
        """Build the script while the interpreter starts, and hand it over."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(self._script().encode("ascii"))
            self._process.stdin.close()

    def _script(self) -> str:
        """The script; where it runs in our own environment, we know whether there is a driver."""
        nvml = not self._ours or driver.is_present()
        return script.build(self._options, self._marker, nvml=nvml)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def _hear_errors(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(self._process.stderr.fileno(), 65536):
                self._stderr += piece[: STDERR_LIMIT - len(self._stderr)]

    def messages(self, progress: Progress) -> facts.Messages:
        """Return what the probe said; raises TargetError where it said nothing in time.

        Only the facts have a deadline: hashing weights takes as long as it takes.
        """
        from envsnap.intake import facts  # loads while the probe works

        said: list[bytes] = []
        try:
            for line in self._lines_to_end():
                if line.startswith(b"progress "):
                    done, total = line[9:].strip(b"[] \n").split(b",")
                    progress(int(done), int(total))
                else:
                    said.append(line)
        finally:
            self._stop()
        return facts.parse(b"".join(said), self._name)

    def _lines_to_end(self) -> Iterator[bytes]:
        """Yield the lines from the begin marker to the end marker."""
        begin = output.begin(self._marker).encode("ascii") + b"\n"
        end = output.end(self._marker).encode("ascii") + b"\n"
        inside = False
        while True:
            line = self._next_line()
            inside = inside or line == begin
            if inside:
                yield line
                if line.startswith(b"facts "):
                    self._until = float("inf")
            if line == end:
                return

    def _next_line(self) -> bytes:
        ended_since: float | None = None
        while True:
            now = time.monotonic()
            try:
                line = self._lines.get(timeout=max(0.0, min(0.25, self._until - now)))
            except queue.Empty:
                if self._process.poll() is not None:
                    # Somebody else may hold its pipe: what it wrote itself is already here.
                    ended_since = ended_since or now
                if now > self._until or (ended_since and now - ended_since > 1.0):
                    raise TargetError(self._explain()) from None
                continue
            if line is None:
                raise TargetError(self._explain())
            return line

    def _explain(self) -> str:
        """Say in one line why there are no facts."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._ears.join(0.5)  # what it said last may still be on its way
        code = self._process.poll()
        tail = " ".join(bytes(self._stderr).decode("utf-8", "replace").split())[-400:]
        if code in REFUSED and tail:
            return f"{self._name}: {tail}"
        if code is None:
            return f"{self._name}: the probe did not answer in time; --deadline gives it more"
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{self._name}: the probe {ended}" + (f": {tail}" if tail else " and said nothing")

    def _stop(self) -> None:
        """End what we started; a process that hangs in the kernel is left behind."""
        self._process.end()
