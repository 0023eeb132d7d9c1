"""Two runs whose models agree, and that end otherwise, are not the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.torch
SCRIPT = """
import os, sys, torch
torch.manual_seed(0)
with torch.no_grad():
    print(torch.nn.Linear(3, 2)(torch.ones(1, 3)).tolist())
"""
ENDS = {
    "well": "",
    "raises": "raise ValueError('no such label')\n",
    "raises otherwise": "raise KeyError('label')\n",
    "exits": "sys.exit(3)\n",
    "is killed": "os.kill(os.getpid(), 9)\n",
}


@pytest.fixture
def ended(envsnap: Run, torch_python: str, tmp_path: Path) -> dict[str, int]:
    codes = {}
    for name, end in ENDS.items():
        (tmp_path / "it.py").write_text(SCRIPT + end)
        done = envsnap("record", "-o", f"{name}.esr", "--", torch_python, "it.py")
        codes[name] = done.returncode
    return codes


def test_each_end_against_each(ended: dict[str, int], envsnap: Run) -> None:
    assert ended == {"well": 0, "raises": 1, "raises otherwise": 1, "exits": 3, "is killed": 137}
    told = {
        ("well", "raises"): "the script raised ValueError: no such label",
        ("raises", "well"): "the golden run raised ValueError: no such label",
        ("raises", "raises otherwise"): "the script raised KeyError",
        ("well", "exits"): "ended with exit code 3, the golden run with 0",
        ("exits", "well"): "ended with exit code 0, the golden run with 3",
        ("well", "is killed"): "ended with exit code 137 (SIGKILL), the golden run with 0",
    }
    for (golden, other), text in told.items():
        done = envsnap("compare", f"{golden}.esr", f"{other}.esr")
        assert done.returncode == 1, (golden, other)
        assert text in " ".join(done.stdout.split())
    for name, text in {"raises": "both runs raised ValueError", "exits": "both runs ended with exit code 3"}.items():  # fmt: skip
        done = envsnap("compare", f"{name}.esr", f"{name}.esr")
        assert done.returncode == 0
        assert f"Same: every bit; {text}" in " ".join(done.stdout.split())
    assert envsnap("compare", "well.esr", "well.esr").stdout.startswith("●  Same: every bit\n")


def test_an_output_folder_that_was_asked_for(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "it.py").write_text(
        SCRIPT
        + "folder, factor = sys.argv[1], float(sys.argv[2])\n"
        + "os.makedirs(folder)\n"
        + "open(os.path.join(folder, 'scores.txt'), 'w').write(f'{factor * 0.25}\\n')\n"
    )
    for name, factor in (("one", "1"), ("two", "1"), ("three", "2")):
        command = [torch_python, "it.py", f"runs/{name}", factor]
        assert envsnap("record", "-o", f"{name}.esr", "--", *command).returncode == 0
    assert envsnap("compare", "one.esr", "two.esr").returncode == 0
    done = envsnap("compare", "one.esr", "three.esr")
    assert done.returncode == 1
    assert "runs/one/scores.txt, line 1: `0.25` -> `0.5`" in " ".join(done.stdout.split())
