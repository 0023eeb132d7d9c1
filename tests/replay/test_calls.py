"""Recordings of several calls: each is compared, and the first that parts is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

TAIL = """
        for place in (2, 3, 4):
            # HERE
            model(x * place)
"""


@pytest.fixture
def several(envsnap: Run, torch_python: str, script, tmp_path: Path) -> Path:
    """A golden run of three calls."""
    done = envsnap("record", "--calls", "3", "-o", "it.esr", "--", torch_python, script(tail=TAIL))
    assert done.returncode == 0, done.stderr
    return tmp_path / "it.esr"


@pytest.mark.parametrize(
    ("fault", "code", "call", "word", "first"),
    [
        ("pass", 0, 0, "", None),
        ("model.norm.eps = 1e-3 if place == 3 else 1e-5", 1, 2, "BatchNorm2d.eps", "norm"),
        ("x = x + (place == 3) / 7", 1, 2, "in call 3 of 3: inputs differ", None),
        ("model.train(place > 1)", 1, 1, "training mode here", "norm"),
        ("if place > 1: break", 6, 0, "only 1 of 3 calls were recorded here", None),
    ],
)
def test_every_call_is_compared(
    fault: str, code: int, call: int, word: str, first: str | None, envsnap: Run,
    torch_python: str, script, several: Path,
) -> None:  # fmt: skip
    path = script(tail=TAIL.replace("# HERE", fault))
    done = envsnap("compare", "--format", "json", several, "--", torch_python, path)
    verdict = json.loads(done.stdout)
    assert (done.returncode, verdict["call"]) == (code, call), verdict
    assert word in verdict["cause"]
    assert (verdict["first"] or {}).get("name") == first
    assert all(layer["alone"] for layer in verdict["layers"])


def test_a_golden_run_of_one_call_asks_for_one(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    done = envsnap("compare", "--keep", "kept.esr", golden, "--", torch_python, script(tail=TAIL))
    assert done.returncode == 0, done.stdout
    assert envsnap("compare", "kept.esr", golden).returncode == 0
    done = envsnap("compare", "--format", "markdown", "kept.esr", golden)
    assert done.stdout.startswith("### Same")
