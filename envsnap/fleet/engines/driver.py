"""Ray and Dask: a program of ours runs in an interpreter that has the engine, and is ended in time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from envsnap.errors import InputError, TargetError
from envsnap.fleet import fanout
from envsnap.fleet.engines.asked import Probing
from envsnap.intake import facts
from envsnap.model import codec
from envsnap.model.manifest import Target
from envsnap.targets import owned, script

PLACEHOLDER = 987654321  # the process to describe, as the programs in `inside` know it
LONGEST_LINE = 96 << 20
ENGINES = {"ray": "ray_nodes", "dask": "dask_workers"}
STDERR_LIMIT = 1 << 16


class Driver:
    """One run of a program in `inside`."""

    def __init__(
        self,
        engine: str,
        job: dict[str, object],
        probing: Probing,
        told: Callable[[str, bytes], None],
    ) -> None:
        self._engine, self._told = engine, told
        self._python = probing.python or sys.executable
        self._job = job
        self._marker = script.new_marker()
        self._options = dict(probing.options)
        self.hosts: list[str] = []
        self._reached = False
        self.silent: dict[str, str] = {}
        self._answered: set[str] = set()
        self._stderr = bytearray()

    def run(self, deadline: float, *, process: bool) -> None:
        """Ask all; raises TargetError where the engine itself is not reached."""
        end = time.monotonic() + deadline
        options = {**self._options, "deadline": max(1.0, deadline - 2.0)}
        if process:
            options["process"] = PLACEHOLDER
        job = {**self._job, "deadline": deadline - 0.5}
        job["script"] = script.build(options, self._marker)
        with owned.starting():
            child = self._start()
            name = f"driver {child.pid}"
            owned.add(name, partial(_end, child))
        ears = [
            threading.Thread(target=work, args=(child,), daemon=True)
            for work in (self._listen, self._hear_errors)
        ]
        for ear in ears:
            ear.start()
        with contextlib.suppress(OSError):
            assert child.stdin is not None
            child.stdin.write(json.dumps(job).encode())
            child.stdin.close()
        ears[0].join(max(0.0, end + 1.0 - time.monotonic()))
        _end(child)
        owned.release(name)
        ears[0].join(0.5)
        self._finish(child.poll(), deadline)

    def _start(self) -> subprocess.Popen[bytes]:
        program = os.path.join(os.path.dirname(__file__), "inside", f"{ENGINES[self._engine]}.py")
        environment = {
            **os.environ,
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            return subprocess.Popen(
                [self._python, program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=environment,
            )
        except OSError as error:
            raise InputError(f"--python {self._python}: {error.strerror}") from None

    def _listen(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while line := child.stdout.readline(LONGEST_LINE):
                self._take(line)

    def _hear_errors(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            while piece := os.read(child.stderr.fileno(), 65536):
                self._stderr = (self._stderr + piece)[-STDERR_LIMIT:]

    def _take(self, line: bytes) -> None:
        try:
            message: Any = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        if isinstance(message.get("hosts"), list):
            self.hosts = [str(host)[:200] for host in message["hosts"]]
            self._reached = True
        host = str(message.get("host", ""))[:200]
        if isinstance(message.get("failed"), str):
            self.silent[host] = fanout.worded(message["failed"])
        elif isinstance(message.get("answer"), str):
            self._answer(host, message["answer"].encode())

    def _answer(self, host: str, said: bytes) -> None:
        if self._marker.encode() not in said:
            self.silent[host] = "error: the output is not that of this probe"
            return
        try:
            messages = facts.parse(said, host)
            target = Target(kind=self._engine, name=host)
            manifest = facts.to_manifest(messages, target, host, {}, host)
        except InputError as error:
            self.silent[host] = f"error: {error}"
            return
        self._answered.add(host)
        self._told(host, codec.encode(manifest))

    def _finish(self, code: int | None, deadline: float) -> None:
        if not self._reached:
            said = bytes(self._stderr).decode("utf-8", "replace").strip().splitlines()
            last = said[-1][-300:] if said else "it said nothing"
            if "No module named" in last:
                last += f"; name an interpreter that has {self._engine} with --python"
            raise TargetError(f"{self._engine}: the cluster was not reached: {last}")
        for host in self.hosts:
            if host not in self._answered and host not in self.silent:
                self.silent[host] = f"timeout: no answer within {deadline:g} s"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a driver and all that it started."""
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(1.0)
