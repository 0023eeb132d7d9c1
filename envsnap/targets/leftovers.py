"""Containers of ours whose capture was killed: found by their label, and removed by the next one."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "org.envsnap.capture"
# The longest deadline of a capture: what is older belongs to nobody, on whatever machine it was.
LONGEST_SECONDS = 2 * 86400


def label() -> dict[str, str]:
    """The label of a container that this process makes: whose it is, and since when."""
    return {LABEL: f"{_boot()}:{os.getpid()}:{_started(os.getpid())}:{int(time.time())}"}


def remove(client: DockerClient) -> None:
    """Remove containers that were left by captures that are no more."""
    import docker

    with contextlib.suppress(docker.errors.DockerException, OSError):
        for container in client.containers.list(
            all=True, filters={"label": LABEL}, ignore_removed=True
        ):
            if _is_left(container.labels.get(LABEL, "")):
                with contextlib.suppress(docker.errors.DockerException, OSError):
                    container.remove(force=True, v=True)


def _is_left(text: Any) -> bool:
    """Tell whether the process that a label names has ended."""
    parts = str(text).split(":")
    if len(parts) != 4 or not all(
        part.isascii() and part.isdigit() and len(part) < 20 for part in parts[1:]
    ):
        return False
    boot, pid, started, since = parts
    if boot == _boot():
        return _started(int(pid)) != started
    return time.time() - int(since) > LONGEST_SECONDS


def _boot() -> str:
    """Which start of which machine this is: a process id means nothing after another one."""
    with (
        contextlib.suppress(OSError),
        open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream,
    ):
        return stream.read().strip()
    return "unknown"


def _started(pid: int) -> str:
    """When a process started, in ticks since the boot; empty where there is none."""
    with (
        contextlib.suppress(OSError, IndexError),
        open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream,
    ):
        return stream.read().rpartition(")")[2].split()[19]
    return "0"
