"""A real Dask cluster in two virtual environments: drifted, busy, hung and dead workers."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def other_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second environment, with an older msgpack and a numpy of its own."""
    engines.module("distributed")
    folder = tmp_path_factory.mktemp("other") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    wanted = ["distributed", "numpy==1.26.4", "msgpack<1.1"]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *wanted]
    if subprocess.run(pip, check=False, capture_output=True).returncode:
        engines.lacking("pip cannot install a second environment")
    return folder


@pytest.fixture
def cluster(other_venv: Path, tmp_path: Path) -> Iterator[tuple[Members, str]]:
    """A scheduler and six workers; a1 has another variable, b0 another environment."""
    port = engines.free_port()
    address = f"tcp://127.0.0.1:{port}"
    mine = [sys.executable, "-m", "dask"]
    theirs = [str(other_venv / "bin" / "python"), "-m", "dask"]
    with engines.members() as members:
        scheduler = [
            *mine,
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--no-dashboard",
        ]
        members.start("scheduler", scheduler, tmp_path / "scheduler.log")
        started = tmp_path / "scheduler.log"
        engines.until(lambda: "Scheduler at" in started.read_text(), 60, "the scheduler")
        for name in ("a0", "a1", "a2", "a3", "a4", "b0"):
            worker = [*(theirs if name == "b0" else mine), "worker", address, "--nworkers", "1",
                      "--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", name]  # fmt: skip
            own = {"NCCL_IB_DISABLE": "1"} if name == "a1" else {}
            log = tmp_path / f"{name}.log"
            members.start(name, worker, log, own)
        for name in ("a0", "a1", "a2", "a3", "a4", "b0"):
            log = tmp_path / f"{name}.log"
            engines.until(lambda log=log: "Registered to" in log.read_text(), 60, name)  # type: ignore[misc]
        yield members, address


def test_workers(cluster: tuple[Members, str], envsnap: Run, tmp_path: Path) -> None:
    members, address = cluster
    busy = (
        "import time\nfrom distributed import Client\n"
        f"client = Client({address!r})\nclient.submit(time.sleep, 600, workers=['a2']).result()\n"
    )
    members.start("busy", [sys.executable, "-c", busy], tmp_path / "busy.log")
    members.hang("a3")
    members.kill("a4")
    done, took = engines.captured(
        envsnap, "--dask", address, "--inventory", "a[0-5],b0", deadline=DEADLINE
    )
    assert done.returncode == 6, done.stderr
    assert took < DEADLINE + engines.WITHIN
    found = engines.states(envsnap, "--golden-manifest", "out/a0.json")
    # What the scheduler has noticed by now of the dead worker decides which it is.
    assert found.pop("a4") in ("missing", "unknown (unreachable)", "unknown (timeout)")
    assert found == {
        "a0": "same",
        "a1": "drifted",
        "a2": "same",
        "a3": "unknown (timeout)",
        "a5": "missing",
        "b0": "drifted",
    }
    golden = ("--golden-manifest", "out/a0.json", "--format", "json")
    assert "msgpack" in envsnap("fleet", "diff", "out", *golden).stdout
