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
        ("x = x + (place == 3) / 7", 1, 2, "between call 2 of Net and call 3 of Net", None),
        ("model.train(place > 1)", 1, 1, "training mode here", "norm"),
        (
            "if place > 1: break",
            1,
            1,
            "Net is called 4 times in the golden run, 1 times here",
            None,
        ),
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


def test_a_run_that_calls_its_model_more_often_is_not_the_same(
    envsnap: Run, torch_python: str, script, golden: Path
) -> None:
    """Where it prints the same numbers, the further calls change no answer."""
    command = "--", torch_python, script(tail=TAIL)
    assert envsnap("compare", "--strict", golden, *command).returncode == 1
    done = envsnap("compare", "--keep", "kept.esr", golden, *command)
    assert done.returncode == 0, done.stdout
    assert "Equivalent" in done.stdout
    assert "Net is called 1 times in the golden run, 4 times here" in " ".join(done.stdout.split())
    assert "Compared: Net 1 of 1 (here 4)" in done.stdout
    assert envsnap("compare", "kept.esr", golden).returncode == 1
    assert envsnap("compare", golden, golden).stdout.startswith(("●  Same", "=  Same"))
