"""A real Ray cluster of four raylets: one drifted, one hung, one dead, one that was never admitted."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.fleet import engines
from tests.fleet.engines import Members

pytestmark = pytest.mark.full
DEADLINE = 15.0
ACTORS = """
import os, sys, time, ray
ray.init(address=sys.argv[1], log_to_driver=False)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as Affinity

@ray.remote(num_cpus=0)
class Trainer:
    def pid(self):
        return os.getpid()
    def work(self, seconds):
        time.sleep(seconds)

nodes = {node["NodeName"]: node["NodeID"] for node in ray.nodes() if node["Alive"]}
actors = []
for name, value in (("head", "0"), ("w2", "0"), ("w3", "1")):
    own = {"env_vars": {"NCCL_P2P_DISABLE": value}}
    strategy = Affinity(nodes[name], soft=False)
    actors.append(Trainer.options(scheduling_strategy=strategy, runtime_env=own).remote())
ray.get([actor.pid.remote() for actor in actors])
actors[0].work.remote(600)
print("READY", flush=True)
time.sleep(600)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Members, str]]:
    """Four raylets, each started in the foreground; w1 has another variable."""
    python = engines.module("ray")
    ray = str(Path(python).parent / "ray")
    port = engines.free_port()
    address = f"127.0.0.1:{port}"
    env = {"RAY_USAGE_STATS_ENABLED": "0"}
    with (
        tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as short,
        engines.members() as members,
    ):
        # Sockets of Ray lie below its folder, and their paths must be short.
        start = [ray, "start", "--block", "--num-cpus=1", "--disable-usage-stats",
                 "--object-store-memory=80000000"]  # fmt: skip
        head = [*start, "--head", f"--port={port}", f"--temp-dir={short}",
                "--include-dashboard=false", "--node-ip-address=127.0.0.1", "--node-name=head"]  # fmt: skip
        members.start("head", head, tmp_path / "head.log", env)
        log = tmp_path / "head.log"
        engines.until(lambda: "runtime started" in log.read_text(), 60, "the head")
        for name in ("w1", "w2", "w3"):
            own = {**env, **({"NCCL_ALGO": "Ring"} if name == "w1" else {})}
            command = [*start, f"--address={address}", f"--node-name={name}"]
            members.start(name, command, tmp_path / f"{name}.log", own)
            joined = tmp_path / f"{name}.log"
            engines.until(
                lambda joined=joined: "runtime started" in joined.read_text(),
                60,
                name,  # type: ignore[misc]
            )
        yield members, address


def test_nodes(cluster: tuple[Members, str], envsnap: Run) -> None:
    members, address = cluster
    options = ("--ray", address, "--inventory", "head,w[1-4]")
    done, _ = engines.captured(envsnap, *options, deadline=60.0)
    assert done.returncode == 6, done.stderr
    healthy = {"head": "same", "w1": "drifted", "w2": "same", "w3": "same", "w4": "missing"}
    assert engines.states(envsnap) == healthy
    members.hang("w2")
    members.kill("w3")
    again = envsnap(
        "fleet", "capture", "-o", "again", "--no-import", "--deadline", str(DEADLINE), *options
    )
    assert again.returncode == 6
    assert "w2: timeout" in again.stderr
    assert "w3: " in again.stderr
    assert "w4: missing" in again.stderr


def test_actors(cluster: tuple[Members, str], envsnap: Run, tmp_path: Path) -> None:
    members, address = cluster
    (tmp_path / "actors.py").write_text(ACTORS)
    log = tmp_path / "actors.log"
    members.start("actors", [sys.executable, str(tmp_path / "actors.py"), address], log)
    engines.until(lambda: "READY" in log.read_text(), 60, "actors")
    done, _ = engines.captured(envsnap, "--ray", address, "--actors", deadline=60.0)
    assert done.returncode == 0, done.stderr
    found = {host.partition(".")[0]: state for host, state in engines.states(envsnap).items()}
    assert found == {"head": "same", "w2": "same", "w3": "drifted"}


def test_a_cluster_that_is_not_there(envsnap: Run) -> None:
    engines.module("ray")
    done, took = engines.captured(envsnap, "--ray", "127.0.0.1:1", deadline=8.0)
    assert done.returncode == 3
    assert took < 8.0 + engines.WITHIN
    assert "not reached" in done.stderr


def test_nothing_is_left(cluster: tuple[Members, str], envsnap: Run) -> None:
    members, address = cluster
    members.hang("w1")
    engines.captured(envsnap, "--ray", address, deadline=6.0)
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True
    )
    assert "ray_nodes.py" not in listed.stdout
