"""What a look at scripts that nobody had seen found: each a run and a change to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run

NET = """
import sys, torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).eval()
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(envsnap: Run, tmp_path: Path) -> Compare:
    """Record a script, run it as it was changed, and return what is said, with the exit code."""

    def compare(script: str, changed: str, code: int) -> str:
        (tmp_path / "it.py").write_text(NET + script)
        assert envsnap("record", "-o", "golden.esr", "--", "python", "it.py").returncode == 0
        (tmp_path / "it.py").write_text(NET + changed)
        done = envsnap("compare", "golden.esr", "--", "python", "it.py")
        assert done.returncode == code, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    return compare


CALL = "print(net(torch.ones(1, 6)).tolist())\n"


def test_a_warm_up_of_the_same_form(compared: Compare) -> None:
    told = compared(CALL, f"net(torch.zeros(1, 6))\n{CALL}", 0)
    assert "Equivalent" in told
    assert "1 call of Sequential before, here only" in told


def test_a_script_that_raises_before_its_model(compared: Compare) -> None:
    failing = "class Other(torch.nn.Linear):\n    pass\nOther(6, 3)(torch.ones(1, 6))\nraise SystemError('no such state')\n"
    told = compared(CALL, failing + CALL, 1)
    assert "no such state" in told
