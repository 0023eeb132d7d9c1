"""A proof that runs the program: the image answers as the golden recording does, or is not named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import COMMAND, Run
from tests.image.test_build_and_prove import (
    TORCH,
    TORCH_NEEDS,
    base,
    engine,
    environment,
    trust,
)
from tests.image.test_layers import wheels

__all__ = ["base", "engine", "wheels"]
pytest.importorskip("torch")
pytestmark = [
    pytest.mark.full,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]
PROGRAM = """import torch
model = torch.nn.Linear(4, 3)
torch.nn.init.constant_(model.weight, {weight})
torch.nn.init.zeros_(model.bias)
with torch.no_grad():
    print(model(torch.ones(2, 4)).tolist())
"""


def application(folder: Path, weight: float) -> None:
    """A program with its model."""
    folder.mkdir()
    (folder / "infer.py").write_text(PROGRAM.format(weight=weight))


def test_an_image_that_answers_otherwise_gets_no_name(
    engine: Any, base: str, wheels: Path, envsnap: Run, tmp_path: Path
) -> None:
    application(tmp_path / "app", 1.0)
    application(tmp_path / "other", 1.5)
    golden = subprocess.run(
        [COMMAND, "record", "-o", str(tmp_path / "golden.esr"), "--", sys.executable, "infer.py"],
        cwd=tmp_path / "app", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert golden.returncode == 0, golden.stderr
    (wheel,) = wheels.iterdir()
    dev = environment(engine, base, [TORCH, *TORCH_NEEDS], {wheel.name: wheel.read_bytes()})
    assert envsnap("capture", "--image", dev, "-o", "dev.json").returncode == 0
    run = (
        "--cmd",
        "python infer.py",
        "--golden-run",
        "golden.esr",
        "--find-links",
        wheels,
        *trust(),
    )
    same = envsnap(
        "build", "dev.json", "-t", "envsnap-test:same", "--app", "app", *run, timeout=1200
    )
    assert same.returncode == 0, same.stderr
    again = envsnap(
        "verify", "dev.json", "--image", "envsnap-test:same", "--golden-run", "golden.esr"
    )
    assert again.returncode == 0, again.stderr
    other = envsnap(
        "build", "dev.json", "-t", "envsnap-test:other", "--app", "other", *run, timeout=1200
    )
    assert other.returncode == 5, other.stderr
    assert "differs: golden_run: captured same, inside diverged" in other.stderr
    assert "was not named envsnap-test:other" in other.stderr
    assert engine.images.list("envsnap-test:other") == []
    engine.images.remove("envsnap-test:same", force=True)
    engine.images.remove(dev, force=True)
