"""What is released: two builds are the same bytes, and a key signs each file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import lacking

ROOT = Path(__file__).parents[2]


def test_two_builds_are_the_same_bytes_and_are_signed(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    if shutil.which("ssh-keygen") is None:
        lacking("ssh-keygen is not installed")
    key = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "tools.release", str(tmp_path / "out"), "--key", key],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len([name for name in names if name.endswith(".sig")]) == 3
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path / "out", check=True)
