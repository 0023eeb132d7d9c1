"""Real Slurm: seven slurmd on this machine. One drifted, hung, dead, refused, never admitted each."""

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
from tests.ports import free_port

pytestmark = pytest.mark.full
DEADLINE = 12.0
NODES = ("n1", "n2", "n3", "n4", "n5", "n6")
WRONG = "n7"  # has fewer processors than its line says, so that the controller does not admit it
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
TaskProlog={folder}/task-prolog
{nodes}
PartitionName=all Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


PROLOG = """#!/bin/sh
[ "$SLURMD_NODENAME" = n2 ] && echo "export NCCL_ALGO=Ring"
exit 0
"""


class Cluster:
    """A controller and its nodes; every node is a slurmd in the foreground."""

    def __init__(self, folder: Path, members: Members) -> None:
        self._folder, self.members = folder, members
        self._programs = {
            name: engines.program(name, "slurm-wlm, munge")
            for name in ("munged", "slurmctld", "slurmd", "srun", "salloc", "sinfo")
        }
        self.env = {"SLURM_CONF": str(folder / "slurm.conf")}

    def start(self) -> None:
        """Start all of it, and wait until its nodes are idle."""
        self._configure()
        self._munge("munge")
        log = self._folder / "ctld.log"
        self.members.start("ctld", [self._programs["slurmctld"], "-D"], log, self.env)
        for node in (*NODES, WRONG):
            self.node(node, node, self.env)
        engines.until(self._is_ready, 60, "idle nodes")

    def _configure(self) -> None:
        host = socket.gethostname().partition(".")[0]
        lines = [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1"
            f" Port={free_port()} CPUs={512 if node == WRONG else 2}"
            for node in (*NODES, WRONG)
        ]
        for name in ("state", *(f"spool-{node}" for node in (*NODES, WRONG))):
            (self._folder / name).mkdir(mode=0o700)
        prolog = self._folder / "task-prolog"
        prolog.write_text(PROLOG)
        prolog.chmod(0o755)
        settings = SETTINGS.format(
            host=host, folder=self._folder, port=free_port(), nodes="\n".join(lines),
            names=",".join((*NODES, WRONG)),
        )  # fmt: skip
        (self._folder / "slurm.conf").write_text(settings)
        stranger = settings.replace("/munge/socket", "/stranger/socket")
        (self._folder / "stranger.conf").write_text(stranger)

    def _munge(self, name: str) -> None:
        """A munged with a key of its own."""
        place = self._folder / name
        place.mkdir(mode=0o700)
        (place / "key").write_bytes(os.urandom(128))
        (place / "key").chmod(0o400)
        command = [self._programs["munged"], "--foreground", "--force", f"--key-file={place}/key",
                   f"--socket={place}/socket", f"--pid-file={place}/pid",
                   f"--log-file={place}/log", f"--seed-file={place}/seed"]  # fmt: skip
        self.members.start(name, command, self._folder / f"{name}.log")
        engines.until((place / "socket").exists, 60, "munged")

    def node(self, name: str, member: str, env: dict[str, str]) -> None:
        """Start a node."""
        log = self._folder / f"{member}.log"
        self.members.start(member, [self._programs["slurmd"], "-D", "-N", name], log, env)

    def change_key(self, node: str) -> None:
        """Let a node come back with another key of munge: it believes nobody in the cluster."""
        self._munge("stranger")
        self.members.kill(node)
        self.node(node, f"{node}-again", {"SLURM_CONF": str(self._folder / "stranger.conf")})
        log = self._folder / f"{node}-again.log"
        engines.until(lambda: "started" in log.read_text(), 60, "a slurmd with another key")

    def states(self) -> dict[str, str]:
        """Each node's state, as the controller tells it."""
        done = subprocess.run(
            [self._programs["sinfo"], "-h", "-N", "-o", "%N %T"],
            capture_output=True, text=True, check=False, env={**os.environ, **self.env},
        )  # fmt: skip
        return dict(line.split() for line in done.stdout.splitlines())

    def _is_ready(self) -> bool:
        found = self.states()
        return {found.get(node) for node in NODES} == {"idle"} and found.get(WRONG, "") not in (
            "idle", "unknown*", "",
        )  # fmt: skip

    def allocated(self) -> dict[str, str]:
        """An allocation of all nodes, as a process inside it sees it."""
        done = subprocess.run(
            ["salloc", f"-N{len(NODES)}", "--no-shell"],
            capture_output=True, text=True, check=True, env={**os.environ, **self.env}, timeout=60,
        )  # fmt: skip
        job = next(word for word in done.stderr.split() if word.isdigit())
        return {**self.env, "SLURM_JOB_ID": job, "SLURM_JOB_NODELIST": f"n[1-{len(NODES)}]"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Six nodes that are idle, and a seventh that was not admitted."""
    if os.geteuid() != 0:
        engines.lacking("slurmd of several nodes on one machine needs root")
    with engines.members() as members:
        found = Cluster(tmp_path, members)
        found.start()
        yield found


def test_every_node_is_named_in_its_state(cluster: Cluster, envsnap: Run) -> None:
    inside = cluster.allocated()
    cluster.members.hang("n3")
    cluster.members.kill("n4")
    cluster.change_key("n5")
    done, took = engines.captured(
        envsnap, "--slurm", "--inventory", "n[1-8]", "--python", sys.executable,
        deadline=DEADLINE, env=inside,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert took < DEADLINE + engines.WITHIN
    assert engines.states(envsnap) == {
        "n1": "same",
        "n2": "drifted",
        "n3": "unknown (timeout)",
        "n4": "unknown (unreachable)",
        "n5": "unknown (refused)",
        "n6": "same",
        "n7": "missing",  # not admitted, so that no job gets it
        "n8": "missing",
    }


@pytest.mark.parametrize("label", [(), ("--label",)], ids=["plain", "labelled"])
def test_many_tasks_in_one_stream(
    label: tuple[str, ...], cluster: Cluster, envsnap: Run, tmp_path: Path
) -> None:
    assert envsnap("probe", "--no-import", "-o", "probe.py").returncode == 0
    script = tmp_path / "task.sh"
    script.write_text(
        '#!/bin/sh\n[ "$SLURM_PROCID" = 5 ] && export NCCL_ALGO=Ring\n'
        f"exec {sys.executable} {tmp_path}/probe.py\n"
    )
    script.chmod(0o755)
    with (tmp_path / "all.facts").open("wb") as stream:
        subprocess.run(
            ["srun", "-N4", "--exclude=n2", "--ntasks-per-node=2", *label, str(script)],
            stdout=stream, check=True, env={**os.environ, **cluster.env}, timeout=120,
        )  # fmt: skip
    done = envsnap("fleet", "diff", "all.facts")
    assert done.returncode == 1
    assert done.stdout.startswith("8 hosts: 7 same, 1 drifted, 0 unknown, 0 missing")
    assert "NCCL_ALGO: not set -> Ring" in done.stdout
