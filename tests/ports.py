"""Ports of loopback for the servers that tests start."""

from __future__ import annotations

import itertools
import os
import socket

# Below the ports that Linux hands out by itself (net.ipv4.ip_local_port_range), so that no client
# of another test takes one between our look at it and the start of the server.
FIRST, BLOCKS, EACH = 20_000, 60, 200
_given = itertools.count()


def free_port() -> int:
    """A port that nobody listens on; test processes that run side by side draw from blocks of their own."""
    first = FIRST + os.getpid() % BLOCKS * EACH
    for _ in range(EACH):
        port = first + next(_given) % EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError(f"no port from {first} on is free")
