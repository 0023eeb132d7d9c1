"""Runs the probe and listens until its end marker, never for the end of its pipes."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from envsnap.errors import InputError, TargetError
from envsnap.probe import output
from envsnap.targets import listening, script

if TYPE_CHECKING:
    from envsnap.intake import facts
    from envsnap.targets.target import Place

REFUSED = (86, 87)  # a Python that is too old, or that lacks a part of its library
GRACE_SECONDS = 5.0
STDERR_LIMIT = 16 << 10
IDLE_SECONDS = 600.0  # without a word while large files are read
PROGRESS = re.compile(rb"progress \[(\d{1,18}), ?(\d{1,18})\]")

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Report progress to nobody."""


class Run:
    """One run of the probe: started at once, read when the caller is ready to wait."""

    def __init__(self, place: Place, options: dict[str, object], deadline: float) -> None:
        self._options = {**options, **place.options(), "deadline": deadline}
        self._marker = script.new_marker()
        self._ours = place.environment() is None
        self._name = place.command()[0]
        self._until = time.monotonic() + deadline + GRACE_SECONDS
        self._stderr = bytearray()
        self._done = -1
        self._process = place.start()
        try:
            self._attend(options)
        except BaseException:  # a signal, too: what was started is ours to end
            self._process.end()
            raise

    def _attend(self, options: dict[str, object]) -> None:
        """Listen to what was started, and hand the script over."""
        # Hashing may take as long as it takes, but a target that says nothing at all is gone.
        self._reads_long = bool(options.get("weights") or options.get("verify_files"))
        assert self._process.stdout is not None
        begin = output.begin(self._marker).encode("ascii")
        self._ears = listening.Ears(self._process.stdout, begin)
        self._errors = threading.Thread(target=self._hear_errors, daemon=True)
        self._errors.start()
        threading.Thread(target=self._feed, daemon=True).start()

    def _feed(self) -> None:
        """Build the script while the interpreter starts, and hand it over."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(self._script().encode("ascii"))
            self._process.stdin.close()

    def _script(self) -> str:
        """The script; where it runs in our own environment, we know whether there is a driver."""
        nvml = not self._ours or script.has_driver()
        return script.build(self._options, self._marker, nvml=nvml)

    def _hear_errors(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(self._process.stderr.fileno(), 65536):
                self._stderr += piece[: STDERR_LIMIT - len(self._stderr)]

    def messages(self, progress: Progress = silent) -> facts.Messages:
        """Return what the probe said; raises TargetError where it said nothing in time.

        Only the facts have a deadline: hashing weights takes as long as it takes, as long as the
        target gets on with it.
        """
        from envsnap.intake import facts  # loads while the probe works

        said: list[bytes] = []
        try:
            for line in self._lines_to_end():
                if line.startswith(b"progress "):
                    self._advance(line, progress)
                else:
                    said.append(line)
            return facts.parse(b"\n".join(said), self._name)
        except listening.FloodedError as error:
            raise TargetError(f"{self._name}: {error}; that is no answer of a probe") from None
        except InputError as error:
            raise TargetError(f"{error} (from a probe that ran there)") from None
        finally:
            self._stop()

    def _advance(self, line: bytes, progress: Progress) -> None:
        """Tell how far the target is, which gives it more time; refuse what is no progress."""
        match = PROGRESS.fullmatch(line.strip())
        if match is None:
            shown = line[:40].decode("ascii", "backslashreplace")
            raise TargetError(f"{self._name}: its answer is malformed: {shown}")
        done, total = int(match.group(1)), int(match.group(2))
        if self._reads_long and done > self._done:
            self._done = done
            self._until = time.monotonic() + IDLE_SECONDS
        progress(done, total)

    def _lines_to_end(self) -> Iterator[bytes]:
        """Yield the lines from the begin marker to the end marker."""
        end = output.end(self._marker).encode("ascii")
        answered = False
        while True:
            line = self._next_line()
            yield line
            if line.startswith(b"facts ") and not answered:
                answered = True
                more = IDLE_SECONDS if self._reads_long else GRACE_SECONDS
                self._until = time.monotonic() + more
            if line == end:
                return

    def _next_line(self) -> bytes:
        ended_since: float | None = None
        while True:
            now = time.monotonic()
            if now > self._until:
                raise TargetError(self._explain())
            try:
                line = self._ears.next(min(0.25, self._until - now))
            except queue.Empty:
                if self._process.poll() is not None:
                    # Somebody else may hold its pipe: what it wrote itself is already here.
                    ended_since = ended_since or now
                if ended_since and now - ended_since > 1.0:
                    raise TargetError(self._explain()) from None
                continue
            if line is None:
                raise TargetError(self._explain())
            return line

    def _explain(self) -> str:
        """Say in one line why there are no facts."""
        from envsnap.intake import messages

        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._errors.join(0.5)  # what it said last may still be on its way
        code = self._process.poll()
        said = messages.clean_message(bytes(self._stderr).decode("utf-8", "replace"))
        tail = " ".join(said.split())[-400:]
        if code in REFUSED and tail:
            return f"{self._name}: {tail}"
        if code is None:
            return f"{self._name}: the probe did not answer in time; --deadline gives it more"
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{self._name}: the probe {ended}" + (f": {tail}" if tail else " and said nothing")

    def _stop(self) -> None:
        """End what we started; a process that hangs in the kernel is left behind."""
        self._ears.close()
        self._process.end()
