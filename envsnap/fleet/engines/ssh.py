"""Hosts that ssh reaches: users, ports and jump hosts come from the user's own configuration."""

from __future__ import annotations

from collections.abc import Sequence

from envsnap.fleet.engines.asked import Found, Probing, through
from envsnap.fleet.inventory import bare
from envsnap.targets.ssh import Ssh


def found(hosts: Sequence[str], probing: Probing) -> Found:
    """How each host is asked. Raises InputError for what is no host, TargetError without ssh."""
    asks = {}
    for host in hosts:
        name = host if bare(host) in asks else bare(host)
        asks[name] = through(Ssh(host, probing.python), name, probing)
    return Found(asks=asks, silent={})
