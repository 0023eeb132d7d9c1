"""An output never takes the place of a file that the command reads."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

DEV = Path(__file__).parents[1] / "golden/dev-prod/dev.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("dev.json", "prod.json"):
        shutil.copyfile(DEV, tmp_path / name)
    (tmp_path / "it.py").write_text("print(1)\n")
    (tmp_path / "it.yaml").write_text("a: 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("prod.json", ["diff", "dev.json", "prod.json", "-o", "prod.json"]),
        ("dev.json", ["check", "dev.json", "--output=./dev.json"]),
        ("it.py", ["run", "-o", "it.py", "--", sys.executable, "it.py"]),
        ("it.yaml", ["capture", "--no-import", "--config", "app=it.yaml", "-o", "it.yaml"]),
        ("dev.json", ["export", "dev.json", "--format", "requirements", "-o", "dev.json"]),
    ],
)
def test_what_is_read_stays(folder: Path, envsnap: Run, target: str, words: list[str]) -> None:
    before = (folder / target).read_bytes()
    done = envsnap(*words)
    assert done.returncode == 2, done.stdout
    assert "is named as an input, too; name another output" in done.stderr
    assert (folder / target).read_bytes() == before


def test_another_output_is_written_anew(folder: Path, envsnap: Run) -> None:
    for _ in range(2):
        assert envsnap("diff", "dev.json", "prod.json", "-o", "report.txt").returncode == 0


def test_a_seal_is_meant(folder: Path, envsnap: Run) -> None:
    assert envsnap("capture", "--seal", "dev.json", "-o", "dev.json").returncode == 0
