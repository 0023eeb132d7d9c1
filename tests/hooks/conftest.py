"""The real programs that hooks are for, each in a process and a folder of its own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import lacking

Program = Callable[..., subprocess.CompletedProcess[str]]


def require(*modules: str) -> None:
    """Skip where a program is not installed."""
    for name in modules:
        if not _is_installed(name):
            lacking(f"{name} is not installed (the extra is called test-hooks)")


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of the package that it would be in
        return False


def require_entry_point(group: str) -> None:
    """Skip where envsnap was installed before it had this entry point."""
    found = importlib.metadata.entry_points(group=group)
    if not any(item.value.startswith("envsnap.") for item in found):
        lacking(f"envsnap has no entry point {group} here: run pip install -e . again")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a text as a Python program; what it printed and how it ended."""

    def run(
        text: str, *arguments: str, env: dict[str, str] | None = None, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "program.py"
        path.write_text(text)
        done = subprocess.run(
            [sys.executable, str(path), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "ENVSNAP_MANIFESTS": str(tmp_path / "manifests"),
                **(env or {}),
            },
            timeout=300,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def kept(folder: Path) -> list[Path]:
    """The manifests that a hook kept, the oldest first."""
    return sorted((folder / "manifests").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
