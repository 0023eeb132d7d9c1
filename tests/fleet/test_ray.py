"""A real Ray cluster of four raylets: one drifted, hung, dead each, and a fifth that was never admitted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from envsnap.fleet.engines.inside import ray_nodes
from tests.conftest import Run
from tests.fleet import engines
from tests.fleet.engines import Members
from tests.ports import free_port

DEADLINE = 15.0
REFUSED = "Unauthenticated"  # what a raylet with another token is told
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "6f1d" * 16}
OTHER_TOKEN = {**TOKEN, "RAY_AUTH_TOKEN": "70aa" * 16}
LATE = "timed out during startup"
NODES = {"w1": {"NCCL_ALGO": "Ring"}, "w2": {}, "w3": {}, "w4": OTHER_TOKEN}
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
variable = {"env_vars": {"NCCL_P2P_DISABLE": "1"}}
for name, own in (("head", {}), ("w1", {"pip": ["msgpack==1.1.0"]}), ("w2", {}), ("w3", variable)):
    strategy = Affinity(nodes[name], soft=False)
    actors.append(Trainer.options(scheduling_strategy=strategy, runtime_env=own).remote())
pids = ray.get([actor.pid.remote() for actor in actors])
actors[0].work.remote(600)
os.kill(pids[2], 19)  # SIGSTOP
print("READY", flush=True)
time.sleep(600)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Members, str]]:
    """Four raylets, each started in the foreground; w1 has another variable."""
    python = engines.module("ray")
    ray = str(Path(python).parent / "ray")
    port = free_port()
    address = f"127.0.0.1:{port}"
    env = {"RAY_USAGE_STATS_ENABLED": "0", **TOKEN}
    with (
        tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as short,
        engines.members() as members,
    ):
        # Sockets of Ray lie below its folder, and their paths must be short.
        start = [ray, "start", "--block", "--num-cpus=1", "--disable-usage-stats",
                 "--object-store-memory=80000000"]  # fmt: skip
        head = [*start, "--head", f"--port={port}", f"--temp-dir={short}",
                "--include-dashboard=false", "--node-ip-address=127.0.0.1", "--node-name=head"]  # fmt: skip
        join(members, "head", head, tmp_path / "head.log", env)
        for name, own in NODES.items():
            command = [*start, f"--address={address}", f"--node-name={name}"]
            join(members, name, command, tmp_path / f"{name}.log", {**env, **own})
        yield members, address


def join(members: Members, name: str, command: list[str], log: Path, env: dict[str, str]) -> None:
    """Start a raylet; Ray gives up after 30 s, in which a busy machine may not do it: three tries."""
    word = REFUSED if name == "w4" else "runtime started"
    for _ in range(3):
        members.start(name, command, log, env)
        engines.until(lambda: word in log.read_text() or LATE in log.read_text(), 120, name)
        if word in log.read_text():
            return
        members.kill(name)
    raise AssertionError(f"{name} was late three times")


@pytest.mark.full
def test_every_node_is_named_in_its_state(cluster: tuple[Members, str], envsnap: Run) -> None:
    members, address = cluster
    members.hang("w2")
    members.kill("w3")
    done, took = engines.captured(
        envsnap, "--ray", address, "--inventory", "head,w[1-5]", deadline=DEADLINE, env=TOKEN
    )
    assert done.returncode == 6, done.stderr
    assert took < DEADLINE + engines.WITHIN
    found = engines.states(envsnap, "--golden-manifest", "out/head.json")
    # Whether Ray has noticed by now that a node is dead decides the word.
    assert found.pop("w3") in ("unknown (refused)", "unknown (unreachable)", "unknown (timeout)")
    assert found == {
        "head": "same",
        "w1": "drifted",
        "w2": "unknown (timeout)",
        "w4": "missing",  # not admitted: its token is another one
        "w5": "missing",
    }


@pytest.mark.full
def test_actors_in_different_runtime_environments(
    cluster: tuple[Members, str], envsnap: Run, tmp_path: Path
) -> None:
    members, address = cluster
    (tmp_path / "actors.py").write_text(ACTORS)
    log = tmp_path / "actors.log"
    command = [sys.executable, str(tmp_path / "actors.py"), address]
    members.start("actors", command, log, TOKEN)
    engines.until(lambda: "READY" in log.read_text(), 300, "actors")
    done, _ = engines.captured(envsnap, "--ray", address, "--actors", deadline=60.0, env=TOKEN)
    assert done.returncode == 0, done.stderr
    head = next(path for path in (tmp_path / "out").iterdir() if path.name.startswith("head"))
    golden = ("--golden-manifest", str(head))
    found = {
        host.partition(".")[0]: state for host, state in engines.states(envsnap, *golden).items()
    }
    assert found == {"head": "same", "w1": "drifted", "w2": "same", "w3": "drifted"}
    told = envsnap("fleet", "diff", "out", *golden).stdout
    assert "msgpack" in told
    assert "NCCL_P2P_DISABLE: not set -> 1" in told


@pytest.mark.full
def test_a_cluster_that_is_not_there(envsnap: Run) -> None:
    engines.module("ray")
    done, took = engines.captured(envsnap, "--ray", "127.0.0.1:1", deadline=8.0)
    assert done.returncode == 3
    assert took < 8.0 + engines.WITHIN
    assert "not reached" in done.stderr


@pytest.mark.parametrize("kind", ["own", "shared", "stale"])
def test_the_interpreter_of_an_actor(kind: str, tmp_path: Path) -> None:
    """The part that runs in a worker, beside a real process with an environment of its own."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / "bin" / "python") if kind == "own" else sys.executable
    named = {"own": venv, "shared": None, "stale": tmp_path / "gone"}[kind]
    env = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    if named is not None:
        env["VIRTUAL_ENV"] = str(named)
    with subprocess.Popen(
        [python, "-c", "print(flush=True); input()"],
        env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as actor:  # fmt: skip
        assert actor.stdout is not None
        actor.stdout.readline()
        said, complaint = ray_nodes.ask(b"import sys; print(sys.prefix)", 20.0, actor.pid)
        actor.kill()
    assert said.decode().strip() == (str(venv) if kind == "own" else sys.prefix), complaint
