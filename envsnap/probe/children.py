"""Runs other programs under a deadline, and abandons those that do not stop.

A GPU query can hang in the kernel where no signal reaches it, and its helpers can outlive it
with our pipes in their hands. So nothing here waits for a process or for the end of a pipe
longer than its deadline: the session is killed, and then forgotten.
"""

import os
import signal
import subprocess
import sys
import threading
import time

from . import packing

OUTPUT_LIMIT = 4 << 20
STDERR_LIMIT = 16 << 10


class Child:
    """A started program whose output is gathered while the probe goes on with other things."""

    def __init__(self, argv: list, stdin: bytes = b"", marker: bytes = None) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self.marker = marker
        self._done = threading.Event()
        self._open_pipes = 2
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if stdin:
            self._start(self._feed, stdin)
        self._start(self._drain, self.process.stdout, self.stdout, OUTPUT_LIMIT)
        self._start(self._drain, self.process.stderr, self.stderr, STDERR_LIMIT)

    @staticmethod
    def _start(work, *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _feed(self, data: bytes) -> None:
        try:
            self.process.stdin.write(data)
            self.process.stdin.close()
        except OSError:
            pass

    def _drain(self, pipe, into: bytearray, limit: int) -> None:
        try:
            while True:
                piece = os.read(pipe.fileno(), 65536)
                if not piece:
                    break
                into += piece[: max(0, limit - len(into))]
                if self.marker and self.marker in into:
                    self._done.set()
            pipe.close()
        except (OSError, ValueError):
            pass
        with self._lock:
            self._open_pipes -= 1
            last = self._open_pipes == 0
        if last:
            self._done.set()
            self.process.wait()  # it is about to end, and nobody else waits for that

    def wait(self, until: float) -> bool:
        """Wait for the end marker, or for both pipes to end; False when `until` came first."""
        while not self._done.is_set():
            left = until - time.monotonic()
            if left <= 0:
                self.abandon()
                return False
            self._done.wait(min(left, 0.25))
            if self.process.poll() is not None:
                # The pipes may be held by somebody else: what the child wrote is already here.
                self._done.wait(min(0.5, max(0.0, left)))
                break
        return True

    def abandon(self) -> None:
        """Kill the child's session and forget it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (OSError, AttributeError):
            self.process.kill()

    def error_tail(self) -> str:
        """The end of what the child said on stderr, in one line."""
        return " ".join(bytes(self.stderr).decode("utf-8", "backslashreplace").split())[-400:]

    def describe_end(self) -> str:
        """Say how a child ended that gave no answer."""
        code = self.process.poll()
        if code is None:
            how = "gave no answer"
        elif code < 0:
            how = "was killed by signal %d" % -code
        else:
            how = "ended with exit code %d" % code
        tail = self.error_tail()
        return how + (": " + tail if tail else "")


def answer(child: Child, name: str, seconds: float) -> str:
    """Return the output of a command that was started; raises TimeoutError or RuntimeError."""
    if not child.wait(time.monotonic() + seconds):
        raise TimeoutError("%s did not answer within %g s" % (name, seconds))
    if child.process.poll():
        raise RuntimeError("%s %s" % (name, child.describe_end()))
    return bytes(child.stdout).decode("utf-8", "backslashreplace")


def own_python() -> list:
    """The command that starts the interpreter being described, reading a script from stdin."""
    return [sys.executable] + packing.READ_STDIN
