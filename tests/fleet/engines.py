"""Real engines on this machine for tests: started in their own sessions, ended by their ids."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.conftest import Run, lacking

# Seconds after the deadline in which every host has a state. Five do on a machine of its own; what
# hangs here hangs for much longer than these.
WITHIN = 25.0
MARK = "FLEET_TEST_RUN"


class Members:
    """Processes of a cluster by name."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: list[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start a process in a session of its own."""
        with log.open("wb") as stream:
            self._running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                env={**os.environ, **(env or {})},
            )

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a member and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running[name].pid, number)

    def hang(self, name: str) -> None:
        """Let it hang."""
        self.signal(name, signal.SIGSTOP)

    def kill(self, name: str) -> None:
        """End it without a word."""
        self.signal(name, signal.SIGKILL)
        self._running[name].wait(10)

    def end(self) -> None:
        """End all of them."""
        for name, process in self._running.items():
            self.signal(name, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


@contextlib.contextmanager
def members() -> Iterator[Members]:
    """Members that are ended in the end."""
    found = Members()
    try:
        yield found
    finally:
        found.end()


def program(name: str, package: str) -> str:
    """A program of Debian's."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        lacking(f"no {name} on this machine (Debian's package is {package})")
    return found


def module(name: str) -> str:
    """The interpreter of the tests, which must have an engine."""
    if find_spec(name) is None:
        lacking(f"{name} is not installed here (the extra is test-fleet)")
    return sys.executable


def until(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something to become so; a busy machine gets one more look after its time."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            assert is_so(), f"{what} within {seconds} s"
            return
        time.sleep(0.1)


def captured(
    envsnap: Run, *arguments: str, deadline: float, env: dict[str, str] | None = None
) -> tuple[subprocess.CompletedProcess[str], float]:
    """`fleet capture` into the folder `out`, and how many seconds it took; no child may be left."""
    started = time.monotonic()
    run = uuid.uuid4().hex
    done = envsnap(
        "fleet", "capture", "-o", "out", "--no-import", "--deadline", str(deadline), *arguments,
        env={**(env or {}), MARK: run},
    )  # fmt: skip
    took = time.monotonic() - started
    # A client of a host that hangs would wait for it until the host is ended, after the test.
    with contextlib.suppress(AssertionError):
        until(lambda: not with_mark(run), 30, "no child left")
    left = with_mark(run)
    assert left == [], f"left: {left}; exit {done.returncode} after {took:.1f} s; {done.stderr}"
    return done, took


def with_mark(run: str) -> list[str]:
    """Processes that a capture started (its environment is in theirs): id, state, line."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={run}".encode() in (place / "environ").read_bytes().split(b"\0"):
                state = (place / "stat").read_text().rpartition(") ")[2].split()[:3]
                line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append(f"{place.name} {' '.join(state)} {line}")
    return found


def states(envsnap: Run, *options: str) -> dict[str, str]:
    """Each host's state, with the reason of those that gave no answer."""
    done = envsnap("fleet", "diff", "out", "--format", "json", *options)
    report: dict[str, Any] = json.loads(done.stdout)
    found = {host: kind["state"] for kind in report["kinds"] for host in kind["hosts"]}
    for group in report["silent"]:
        word = group["reason"].partition(":")[0]
        state = f"unknown ({word})" if group["state"] == "unknown" else group["state"]
        found.update(dict.fromkeys(group["hosts"], state))
    return found
