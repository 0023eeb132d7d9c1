"""CPU time of a Docker Engine and of what it ran, without asking anybody for its process id."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

SOCKET = "unix://"
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED
TIMES = slice(11, 15)  # of proc(5)'s stat behind the name: utime, stime, cutime, cstime


def process() -> int | None:
    """Return the process that answers at DOCKER_HOST; None where that is not on this machine."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith(SOCKET):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(address.removeprefix(SOCKET))
        data = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(data)[0])


def seconds(pid: int) -> float:
    """CPU seconds of a process and of all children that it waited for.

    BuildKit's steps are such children; the classic builder's belong to containerd.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[TIMES])) / os.sysconf("SC_CLK_TCK")
