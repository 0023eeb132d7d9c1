"""A real Dask cluster with TLS in two virtual environments: drifted, busy, hung, dead, refused workers."""

from __future__ import annotations

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


WORKERS = ("a0", "a1", "a2", "a3", "a4", "b0")
STRANGER = "c0"  # a worker whose certificate another authority signed


def certified(folder: Path, authority: str, name: str) -> None:
    """A key and a certificate of `name`; the authority's own are made with the first."""
    openssl = engines.program("openssl", "openssl")
    if not (folder / f"{authority}.pem").exists():
        subprocess.run(
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", f"/CN={authority}", "-keyout", f"{authority}.key", "-out", f"{authority}.pem"],
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
         "-keyout", f"{name}.key", "-out", f"{name}.pem"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip


def settings(folder: Path, name: str) -> dict[str, str]:
    """The variables that tell Dask which certificates to use, as a user of TLS sets them."""
    found = {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(folder / "ours.pem"),
    }
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        found[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = str(folder / f"{name}.pem")
        found[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = str(folder / f"{name}.key")
    return found


@pytest.fixture
def cluster(other_venv: Path, tmp_path: Path) -> Iterator[tuple[Members, str]]:
    """A scheduler and its workers; a1 has another variable, b0 another environment."""
    port = free_port()
    address = f"tls://127.0.0.1:{port}"
    certified(tmp_path, "ours", "member")
    certified(tmp_path, "theirs", STRANGER)
    known = settings(tmp_path, "member")
    mine = [sys.executable, "-m", "dask"]
    theirs = [str(other_venv / "bin" / "python"), "-m", "dask"]
    with engines.members() as members:
        started = tmp_path / "scheduler.log"
        scheduler = [*mine, "scheduler", "--protocol", "tls", "--host", "127.0.0.1",
                     "--port", str(port), "--no-dashboard"]  # fmt: skip
        members.start("scheduler", scheduler, started, known)
        engines.until(lambda: "Scheduler at" in started.read_text(), 60, "the scheduler")
        for name in (*WORKERS, STRANGER):
            worker = [*(theirs if name == "b0" else mine), "worker", address, "--nworkers", "1",
                      "--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", name]  # fmt: skip
            own = settings(tmp_path, STRANGER) if name == STRANGER else known
            drift = {"NCCL_IB_DISABLE": "1"} if name == "a1" else {}
            members.start(name, worker, tmp_path / f"{name}.log", {**own, **drift})
        for name in WORKERS:
            log = tmp_path / f"{name}.log"
            engines.until(lambda log=log: "Registered to" in log.read_text(), 120, name)  # type: ignore[misc]
        refused = "CERTIFICATE_VERIFY_FAILED"
        engines.until(lambda: refused in started.read_text(), 60, "a worker that is refused")
        yield members, address


def test_every_worker_is_named_in_its_state(
    cluster: tuple[Members, str], envsnap: Run, tmp_path: Path
) -> None:
    members, address = cluster
    busy = (
        "import time\nfrom distributed import Client\n"
        f"client = Client({address!r})\nclient.submit(time.sleep, 600, workers=['a2']).result()\n"
    )
    known = settings(tmp_path, "member")
    members.start("busy", [sys.executable, "-c", busy], tmp_path / "busy.log", known)
    members.hang("a3")
    members.kill("a4")
    done, took = engines.captured(
        envsnap, "--dask", address, "--inventory", "a[0-5],b0,c0", deadline=DEADLINE, env=known
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
        STRANGER: "missing",  # not admitted: the scheduler does not know it
    }
    golden = ("--golden-manifest", "out/a0.json", "--format", "json")
    assert "msgpack" in envsnap("fleet", "diff", "out", *golden).stdout
