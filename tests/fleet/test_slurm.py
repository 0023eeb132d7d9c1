"""Real Slurm: four slurmd on this machine; one drifted, one hung, one dead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.fleet import engines
from tests.fleet.engines import Members

pytestmark = pytest.mark.full
DEADLINE = 12.0
NODES = ("n1", "n2", "n3", "n4")
SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldPort={port}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
{nodes}
PartitionName=all Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Members, dict[str, str]]]:
    """Four nodes that are idle, and the environment in which Slurm's clients find them."""
    if os.geteuid() != 0:
        engines.lacking("slurmd of several nodes on one machine needs root")
    programs = {
        name: engines.program(name, "slurm-wlm, munge")
        for name in ("munged", "slurmctld", "slurmd", "srun", "salloc", "sinfo", "scancel")
    }
    host = socket.gethostname().partition(".")[0]
    munge = tmp_path / "munge"
    for folder in (munge, tmp_path / "state", *(tmp_path / f"spool-{node}" for node in NODES)):
        folder.mkdir(mode=0o700)
    (munge / "key").write_bytes(os.urandom(128))
    (munge / "key").chmod(0o400)
    nodes = [
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={engines.free_port()} CPUs=2"
        for node in NODES
    ]
    conf = tmp_path / "slurm.conf"
    conf.write_text(
        SETTINGS.format(
            host=host, folder=tmp_path, port=engines.free_port(), nodes="\n".join(nodes),
            names=",".join(NODES),
        )
    )  # fmt: skip
    env = {"SLURM_CONF": str(conf)}
    with engines.members() as members:
        members.start(
            "munged",
            [programs["munged"], "--foreground", "--force", f"--key-file={munge}/key",
             f"--socket={munge}/socket", f"--pid-file={munge}/pid", f"--log-file={munge}/log",
             f"--seed-file={munge}/seed"],
            tmp_path / "munged.log",
        )  # fmt: skip
        engines.until((munge / "socket").exists, 20, "munged")
        members.start("ctld", [programs["slurmctld"], "-D"], tmp_path / "ctld.log", env)
        for node in NODES:
            members.start(
                node, [programs["slurmd"], "-D", "-N", node], tmp_path / f"{node}.log", env
            )
        engines.until(lambda: _idle(programs["sinfo"], env) == len(NODES), 60, "idle nodes")
        yield members, env


def _idle(sinfo: str, env: dict[str, str]) -> int:
    done = subprocess.run(
        [sinfo, "-h", "-N", "-o", "%T"],
        capture_output=True, text=True, check=False, env={**os.environ, **env},
    )  # fmt: skip
    return done.stdout.split().count("idle")


def allocated(env: dict[str, str]) -> dict[str, str]:
    """An allocation of all nodes, as a process inside it sees it."""
    surroundings = {**os.environ, **env}
    done = subprocess.run(
        ["salloc", "-N4", "--no-shell"],
        capture_output=True, text=True, check=True, env=surroundings, timeout=60,
    )  # fmt: skip
    job = next(word for word in done.stderr.split() if word.isdigit())
    return {**env, "SLURM_JOB_ID": job, "SLURM_JOB_NODELIST": "n[1-4]"}


def test_nodes(cluster: tuple[Members, dict[str, str]], envsnap: Run) -> None:
    members, env = cluster
    inside = allocated(env)
    members.hang("n2")
    members.kill("n3")
    done, took = engines.captured(
        envsnap, "--slurm", "--inventory", "n[1-5]", "--python", sys.executable,
        deadline=DEADLINE, env=inside,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert took < DEADLINE + engines.WITHIN
    found = engines.states(envsnap)
    assert found.pop("n3").startswith("unknown")
    assert found == {"n1": "same", "n2": "unknown (timeout)", "n4": "same", "n5": "missing"}


@pytest.mark.parametrize("label", [(), ("--label",)], ids=["plain", "labelled"])
def test_many_tasks_in_one_stream(
    label: tuple[str, ...], cluster: tuple[Members, dict[str, str]], envsnap: Run, tmp_path: Path
) -> None:
    _, env = cluster
    assert envsnap("probe", "--no-import", "-o", "probe.py").returncode == 0
    script = tmp_path / "task.sh"
    script.write_text(
        '#!/bin/sh\n[ "$SLURM_PROCID" = 5 ] && export NCCL_ALGO=Ring\n'
        f"exec {sys.executable} {tmp_path}/probe.py\n"
    )
    script.chmod(0o755)
    with (tmp_path / "all.facts").open("wb") as stream:
        subprocess.run(
            ["srun", "-N4", "--ntasks-per-node=2", *label, str(script)],
            stdout=stream, check=True, env={**os.environ, **env}, timeout=120,
        )  # fmt: skip
    done = envsnap("fleet", "diff", "all.facts")
    assert done.returncode == 1
    assert done.stdout.startswith("8 hosts: 7 same, 1 drifted, 0 unknown, 0 missing")
    assert "NCCL_ALGO: not set -> Ring" in done.stdout
