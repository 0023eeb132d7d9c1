"""Ends what a Python of ours started and lost: it forked, left the session, and its parent is gone.

Such a process has init for a parent, and a group of its own. What it keeps is the environment
that it was started with: a mark in there says whose it is. Linux alone shows it, in /proc.

Clients (ssh, kubectl) get no mark: a connection that they leave open for others is the user's.
"""

from __future__ import annotations

import os
import signal

MARK = "ENVSNAP_STARTED_HERE"
ROUNDS = 50  # what forks while it is being ended is looked for again


def mark() -> str:
    """A mark for one start."""
    return os.urandom(16).hex()


def end(mark: str, since: int) -> int:
    """End every process with this mark that is no older than `since`; return how many there were.

    What hides its environment, or was started with another one, is not found.
    """
    wanted, ended = f"{MARK}={mark}".encode(), 0
    gone: set[int] = set()
    for _ in range(ROUNDS):
        found, earlier = 0, len(gone)
        for number in _younger(since):
            carries = _end(number, wanted)
            if carries is None:
                gone.add(number)
            found += bool(carries)
        ended += found
        # One that ended by itself since it was listed may have a child that was not.
        if not found and len(gone) == earlier:
            break
    return ended


def _younger(since: int) -> list[int]:
    """Processes whose numbers were given after that one; all, where the numbers began anew."""
    try:
        with open("/proc/loadavg", encoding="ascii") as stream:
            last = int(stream.read().split()[-1])
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except (OSError, ValueError):
        return []
    ours = os.getpid()
    return [number for number in numbers if number != ours and (number >= since or last < since)]


def _end(number: int, wanted: bytes) -> bool | None:
    """End one process where it carries the mark; its number cannot go to another one meanwhile.

    None where it is over already, or is a thread of the kernel.
    """
    try:
        process = os.pidfd_open(number)
        try:
            with open(f"/proc/{number}/environ", "rb") as stream:
                variables = stream.read()
            if wanted not in variables.split(b"\0"):
                return False if variables else None
            signal.pidfd_send_signal(process, signal.SIGKILL)
            return True
        finally:
            os.close(process)
    except (ProcessLookupError, FileNotFoundError):
        return None
    except OSError:
        return False
