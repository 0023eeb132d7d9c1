"""Commands of several processes: each has a record, and one manifest says what all of them did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

WORKERS = """
import multiprocessing, random

def work(number):
    open(f"part-{number}.csv").read()
    random.seed(number)
    return random.random()

if __name__ == "__main__":
    process = multiprocessing.get_context("METHOD").Process(target=work, args=(1,))
    process.start()
    process.join()
    open("part-0.csv").read()
    random.seed(10)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, run, tmp_path) -> None:
    (tmp_path / "project").mkdir()
    for number in (0, 1):
        (tmp_path / "project" / f"part-{number}.csv").write_text("1,2")
    found = run(WORKERS.replace("METHOD", method))
    assert found.code == 0
    assert {"part-0.csv", "part-1.csv"} <= found.names("files")
    assert "audit" in found.seen_by("files", "part-1.csv")
    calls = found.sections["seeds"]["calls"]
    assert calls["random.seed"]["values"] == ["10"]
    others = [call["values"] for name, call in calls.items() if name.startswith("random.seed@")]
    assert others == [["1"]]
    assert found.sections["seeds"]["complete"] is True, found.stderr
    assert found.sections["process"]["observed"] > 1


def test_two_runs_name_their_processes_alike(run, tmp_path) -> None:
    script = (
        "import multiprocessing as mp, random\n"
        "def work(n): random.seed(n)\n"
        "if __name__ == '__main__':\n"
        "    for n in range(4):\n"
        "        p = mp.get_context('fork').Process(target=work, args=(n,)); p.start(); p.join()\n"
    )
    calls = [run(script).sections["seeds"]["calls"] for _ in range(2)]
    assert calls[0] == calls[1]
    assert [call["values"] for call in calls[0].values()] == [["0"], ["1"], ["2"], ["3"]]


def test_fork_and_exec(run, tmp_path) -> None:
    found = run(
        "import os, sys\n"
        "if os.fork() == 0:\n"
        "    open('script.py').read()\n"
        "    open('child.txt', 'w').write('x')\n"
        "    os.execv(sys.executable, [sys.executable, '-c', 'import random; random.seed(4)'])\n"
        "os.wait()\n"
    )
    assert found.code == 0
    assert found.sections["process"]["observed"] == 3
    assert found.sections["seeds"]["complete"] is True, found.stderr
    assert [call["values"] for call in found.sections["seeds"]["calls"].values()] == [["4"]]


def test_an_exec_that_fails_is_no_end(run) -> None:
    tail = "import os\ntry: os.execv('/not/there', ['x'])\nexcept OSError: open('out.txt', 'w').close()\n"
    assert run(tail).sections["files"]["complete"] is True
    assert run(tail + "os.kill(os.getpid(), 9)").sections["files"]["complete"] is False


def test_ranks_of_a_scheduler(run) -> None:
    """Children of the first rank have its rank, too, and do not speak for it."""
    found = run(
        "import random, subprocess, sys\nrandom.seed(1)\n"
        "subprocess.run([sys.executable, '-c', 'import random; random.seed(2)'], check=True)\n",
        env={"SLURM_PROCID": "0"},
    )
    assert found.values("random.seed") == ["1"]
    assert found.values("random.seed@1") == ["2"]


def test_a_process_that_stays_is_said(run) -> None:
    """A helper is waited for, a service is not."""
    child = "import time; time.sleep({})"
    start = "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {!r}], stdout=-3, stderr=-3)\nprint(p.pid)\n"
    assert run(start.format(child.format(0.5))).sections["files"]["complete"] is True
    found = run(start.format(child.format(30)))
    os.kill(int(found.stdout), signal.SIGKILL)
    assert "1 of 2 processes still ran" in found.stderr
    assert found.sections["files"]["complete"] is False


def test_a_copy_that_dies_is_said(run) -> None:
    found = run(
        "import os\n"
        "if os.fork() == 0:\n"
        "    open('script.txt', 'w').close(); os.kill(os.getpid(), 9)\n"
        "os.wait()\n"
    )
    assert found.code == 0
    assert "1 of 2 processes did not end in order" in found.stderr
    assert found.sections["files"]["complete"] is False


def test_a_python_in_a_python_and_a_shell(run, tmp_path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "inner.toml").write_text("a = 1")
    (tmp_path / "project" / "inner.py").write_text("open('inner.toml').read()\n")
    (tmp_path / "project" / "run.sh").write_text(f"{sys.executable} script.py; exit 4\n")
    found = run(
        "import subprocess, sys, random\nrandom.seed(1)\n"
        "subprocess.run([sys.executable, 'inner.py'], check=True)\n",
        command=["sh", "run.sh"],
    )
    assert found.code == 4
    assert found.names("configs") == {"inner.toml"}
    assert found.values("random.seed") == ["1"]
    assert found.sections["process"]["observed"] == 2
    assert found.manifest["target"]["name"] == "sh run.sh"


RANKS = """
import os
import torch
import torch.distributed as dist
dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(100 + rank)
torch.load(f"rank-{rank}.pt")
total = torch.ones(2) * rank
dist.all_reduce(total)
if rank == 0:
    print(total.tolist())
dist.destroy_process_group()
"""


def test_torchrun(run, torch_python: str, tmp_path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    saved = "import torch; [torch.save({'w': torch.ones(n + 1)}, f'rank-{n}.pt') for n in (0, 1)]"
    subprocess.run([torch_python, "-c", saved], cwd=folder, check=True)
    command = [
        torch_python, "-m", "torch.distributed.run", "--nproc-per-node", "2",
        "--master-addr", "127.0.0.1", "--master-port", "0", "--standalone", "script.py",
    ]  # fmt: skip
    found = run(RANKS, command=command, env={"OMP_NUM_THREADS": "1"})
    assert found.code == 0, found.stderr
    assert json.loads(found.stdout) == [1.0, 1.0]
    assert found.names("weights") == {"rank-0.pt", "rank-1.pt"}
    assert found.values("torch.manual_seed") == ["100"]
    assert found.values("torch.manual_seed@rank1") == ["101"]
    assert found.sections["seeds"]["torch_initial_seed"] == "100"
    assert found.sections["process"]["observed"] >= 3
    assert found.sections["weights"]["complete"] is True, found.stderr
