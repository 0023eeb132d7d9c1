"""Ranks of a real job describe themselves: one drifted, hung, dead, refused each; no one is blocked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Run
from tests.fleet import engines
from tests.ports import free_port

FAULTS = ("hang", "dead", "refused")
PROGRAM = """
import os, random, sys, time
import torch.distributed as dist
dist.init_process_group("gloo")
job = dist.distributed_c10d._get_default_store()
job.add("connected", 1)
while job.add("connected", 0) < int(os.environ["WORLD_SIZE"]):  # one that left breaks the start of others
    time.sleep(0.05)
import envsnap
from envsnap.errors import EnvsnapError
rank = int(os.environ["RANK"])
if rank == 1:
    os.environ["NCCL_ALGO"] = "Ring"
if rank == 2 and "hang" in sys.argv:
    time.sleep(40)
if rank == 3 and "dead" in sys.argv:
    os._exit(0)
python = None
if rank == 4 and "refused" in sys.argv:
    python = "./locked"
store = None
if "store" in sys.argv:
    store = dist.PrefixStore("envsnap", job)
try:
    envsnap.capture_rank("out", deadline=12, store=store, python=python)
except EnvsnapError as error:
    open("refused", "w").write(str(error))
if rank == 0:
    open("done", "w").write(f"{time.time()}")
    os.kill(os.getppid(), 15)  # the launcher ends those that hang
os._exit(0)
"""


def lock(folder: Path) -> None:
    """A file in an interpreter's place that nobody may execute, root included."""
    (folder / "locked").write_text("#!/bin/sh\n")
    (folder / "locked").chmod(0o600)


@pytest.mark.torch
@pytest.mark.parametrize("words", [(), ("store", *FAULTS), FAULTS])
def test_torchrun(words: tuple[str, ...], torch_python: str, envsnap: Run, tmp_path: Path) -> None:
    installed = [torch_python, "-c", "import torch, envsnap, msgspec"]
    if subprocess.run(installed, check=False, capture_output=True, cwd=tmp_path).returncode:
        engines.lacking("no interpreter that has torch and envsnap")
    (tmp_path / "program.py").write_text(PROGRAM)
    lock(tmp_path)
    started = time.time()
    launched = subprocess.run(
        [
            torch_python, "-m", "torch.distributed.run", "--nproc-per-node", "6" if words else "4",
            "--master-port", str(free_port()), "program.py", *words,
        ],
        cwd=tmp_path, check=False, capture_output=True, timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert (tmp_path / "done").is_file(), launched.stderr.decode(errors="replace")[-4000:]
    took = float((tmp_path / "done").read_text()) - started
    found = engines.states(envsnap)
    assert found.pop("rank1") == "drifted"
    assert took < 60
    if not words:
        assert found == {"rank0": "same", "rank2": "same", "rank3": "same"}
        return
    assert found == {
        "rank0": "same",
        "rank2": "unknown (timeout)",
        "rank3": "unknown (timeout)",
        "rank4": "unknown (denied)",
        "rank5": "same",
    }
    assert "denied" in (tmp_path / "refused").read_text().lower()  # the rank itself is told, too


@pytest.mark.full
def test_mpi(envsnap: Run, tmp_path: Path) -> None:
    mpirun = engines.program("mpirun", "openmpi-bin")
    inside = tmp_path / "rank.sh"
    inside.write_text(
        '#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 1 ] && export UCX_TLS=tcp\n'
        f"cd {tmp_path}\npython={sys.executable}\n"
        'case "$OMPI_COMM_WORLD_RANK" in 2) exec sleep 60;; 3) exit 0;; 4) python=./locked;; esac\n'
        f"{COMMAND} fleet capture --torchrun -o out --deadline 12 --python $python\nexit 0\n"
    )
    inside.chmod(0o755)
    lock(tmp_path)
    command = [mpirun, "-n", "6", "--oversubscribe", str(inside)]
    if os.geteuid() == 0:
        command.insert(1, "--allow-run-as-root")
    with engines.members() as members:
        members.start("mpi", command, tmp_path / "log")
        record = tmp_path / "out" / "fleet.json"
        engines.until(record.is_file, 60, (tmp_path / "log").read_text())
    assert engines.states(envsnap) == {
        "rank0": "same",
        "rank1": "drifted",
        "rank2": "unknown (timeout)",
        "rank3": "unknown (timeout)",
        "rank4": "unknown (denied)",
        "rank5": "same",
    }


def test_ranks_of_a_launcher(envsnap: Run, tmp_path: Path) -> None:
    for rank in (1, 0):
        done = envsnap(
            "fleet", "capture", "--torchrun", "-o", "out", "--deadline", "60",
            env={"RANK": str(rank), "WORLD_SIZE": "2"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert engines.states(envsnap) == {"rank0": "same", "rank1": "same"}
