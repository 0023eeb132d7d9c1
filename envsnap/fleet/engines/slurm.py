"""The nodes of the allocation that we run in, each by a step of its own beside the job's."""

from __future__ import annotations

import os

from envsnap.errors import InputError
from envsnap.fleet import nodeset
from envsnap.fleet.engines.asked import Found, Probing, through
from envsnap.targets.through import slurm


def found(probing: Probing) -> Found:
    """How each node is asked. Raises InputError outside an allocation."""
    nodes = os.environ.get("SLURM_JOB_NODELIST") or os.environ.get("SLURM_NODELIST")
    if not nodes:
        raise InputError("--slurm works inside an allocation: run it with salloc or sbatch")
    hosts = nodeset.expand(nodes)
    return Found(
        asks={host: through(slurm(host, probing.python), host, probing) for host in hosts},
        silent={},
    )
