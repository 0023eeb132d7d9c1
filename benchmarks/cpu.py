"""CPU time of whole process trees, as medians of interleaved runs."""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
from collections.abc import Sequence

# Byte code is kept: a program that compiles itself at every start is not what is measured.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}

SET_CHILD_SUBREAPER = 36  # of prctl(2)


def medians(commands: Sequence[Sequence[str]], repeats: int) -> list[float]:
    """The median CPU seconds of each command's process tree; the commands run alternately."""
    times: list[list[float]] = [[] for _ in commands]
    for turn in range(repeats + 1):
        for place, command in enumerate(commands):
            taken = seconds(command)
            if turn:  # the first round warms caches and byte code
                times[place].append(taken)
    return [statistics.median(found) for found in times]


def seconds(command: Sequence[str]) -> float:
    """The CPU seconds, user and system, of a command and all its children, waited for or not."""
    _adopt()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        env=ENVIRONMENT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _adopt() -> None:
    """Have whatever a command leaves behind become a child of ours: only then is it counted."""
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    """Wait for what a command left running."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
