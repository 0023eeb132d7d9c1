"""Files that one run alone finds: a stale checkpoint, an optional table of weights."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.torch

SCRIPT = """
import os
import torch
torch.manual_seed(0)
net = torch.nn.Linear(3, 2)
if os.path.exists("ckpt.pt"):
    net.load_state_dict(torch.load("ckpt.pt"))
scale = float(open("scale.txt").read()) if os.path.exists("scale.txt") else 1.0
step = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    loss = (net(torch.ones(4, 3)) * scale).sum()
    step.zero_grad()
    loss.backward()
    step.step()
print("loss", round(loss.item(), 4))
"""
MAKE = (
    "import torch; torch.manual_seed(1); torch.save(torch.nn.Linear(3, 2).state_dict(), 'ckpt.pt')"
)
Told = Callable[[], str]


@pytest.fixture
def told(envsnap: Run, torch_python: str, tmp_path: Path) -> Told:
    """Compare the script, as things are now, with the run in an empty folder."""
    (tmp_path / "train.py").write_text(SCRIPT)
    command = "--", torch_python, "train.py"
    assert envsnap("record", "-o", "it.esr", *command, cwd=tmp_path).returncode == 0

    def compare() -> str:
        done = envsnap("compare", "it.esr", *command, cwd=tmp_path)
        assert done.returncode == 1, done.stdout
        return " ".join(done.stdout.split())

    return compare


def test_a_stale_checkpoint_is_named(told: Told, torch_python: str, tmp_path: Path) -> None:
    subprocess.run([torch_python, "-c", MAKE], cwd=tmp_path, check=True)
    found = told()
    assert "ckpt.pt is read here only" in found
    assert "Fix: Leave it out, as the golden run does: ckpt.pt." in found


def test_a_table_that_training_alone_reads_is_named(told: Told, tmp_path: Path) -> None:
    (tmp_path / "scale.txt").write_text("2.5")
    assert "scale.txt is read here only" in told()


CACHES = """
import json
import os
import torch
torch.manual_seed(0)
net = torch.nn.Linear(3, 2).eval()
if not os.path.exists("cache.json"):
    json.dump({"rows": [[0.5, 1.0, 1.5], [2.0, 0.0, 1.0]]}, open("cache.json", "w"))
rows = json.load(open("cache.json"))["rows"]
print([round(v, 4) for v in net(torch.tensor(rows)).sum(1).tolist()])
"""


def test_a_cache_that_the_first_run_made_is_no_difference(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "run.py").write_text(CACHES)
    command = "--", torch_python, "run.py"
    assert envsnap("record", "-o", "it.esr", *command, cwd=tmp_path).returncode == 0
    done = envsnap("compare", "it.esr", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "as they are there for the other: cache.json" in " ".join(done.stdout.split())


def test_a_stale_cache_is_a_difference(envsnap: Run, torch_python: str, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(CACHES)
    command = "--", torch_python, "run.py"
    assert envsnap("record", "-o", "it.esr", *command, cwd=tmp_path).returncode == 0
    (tmp_path / "cache.json").write_text('{"rows": [[0.5, 1.0, 1.5], [2.0, 0.5, 1.0]]}')
    done = envsnap("compare", "it.esr", *command, cwd=tmp_path)
    assert done.returncode == 1
    assert "cache.json" in done.stdout
