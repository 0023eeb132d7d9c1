"""Files that were edited after they were installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run, site_packages


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A virtual environment with pip, which brings files enough."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


def defects(envsnap: Run, venv: Path, *options: str) -> Any:
    done = envsnap("capture", "--python", venv / "bin" / "python", "--no-import", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["sections"]["packages"]["entries"]["pip"].get("defects")


def test_one_byte_is_seen_only_when_it_is_asked_for(envsnap: Run, venv: Path) -> None:
    assert defects(envsnap, venv, "--check-files") is None
    file = site_packages(venv) / "pip" / "__main__.py"
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(bytes(data))
    assert defects(envsnap, venv) is None
    assert defects(envsnap, venv, "--check-files") == ["pip/__main__.py is not what RECORD says"]


def test_missing_files_are_named_and_byte_code_is_not(envsnap: Run, venv: Path) -> None:
    package = site_packages(venv) / "pip"
    for cached in package.rglob("*.pyc"):
        cached.unlink()
    for name in ("__main__.py", "__init__.py", "py.typed", "__pip-runner__.py"):
        (package / name).unlink()
    found = defects(envsnap, venv, "--check-files")
    assert found is not None
    assert len(found) == 4
    assert found[0] == "pip/__init__.py cannot be read (FileNotFoundError)"
    assert found[3] == "and 1 more"
