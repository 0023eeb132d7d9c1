"""What a run is given by others: through a pipe, by a program that it starts, by a library of C."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run, lacking

pytestmark = pytest.mark.torch

SCRIPT = """
import ctypes, os, subprocess, sys, torch
library = ctypes.CDLL(os.path.join(os.path.dirname(os.path.abspath(__file__)), "native/libscale.so"))
library.scale.restype, library.scale.argtypes = ctypes.c_float, [ctypes.c_float]
torch.manual_seed(0)
factor = float(subprocess.run(["factor-of-today"], capture_output=True, text=True).stdout)
shell = float(subprocess.run("factor-of-shell 1 | cat", shell=True, capture_output=True, text=True).stdout)
value = library.scale(factor) * shell * sum(float(line) for line in sys.stdin)
print(torch.nn.Linear(2, 2)(torch.full((1, 2), value)).tolist())
"""
Compared = Callable[[bytes], str]


def _program(path: Path, factor: int) -> None:
    path.write_text(f"#!/bin/sh\necho {factor}\n")
    path.chmod(0o755)


def _library(folder: Path, factor: int) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        lacking("no C compiler here")
    (folder / "scale.c").write_text(f"float scale(float x) {{ return x * {factor}.0f; }}\n")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", folder / "native/libscale.so", folder / "scale.c"],
        check=True,
    )


@pytest.fixture
def compared(envsnap: Run, torch_python: str, tmp_path: Path) -> Compared:
    """Record the script with a factor of each kind; the result says what is told of another run."""
    programs, work = tmp_path / "programs", tmp_path / "work"
    (work / "native").mkdir(parents=True)
    programs.mkdir()
    (work / "run.py").write_text(SCRIPT)
    for name in ("factor-of-today", "factor-of-shell"):
        _program(programs / name, 1)
    _library(work, 1)
    env = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def record(name: str, given: bytes) -> None:
        done = envsnap("record", "-o", name, "--", torch_python, "run.py", cwd=work, env=env, stdin=given)  # fmt: skip
        assert done.returncode == 0, done.stderr

    def told(given: bytes) -> str:
        record("other.esr", given)
        done = envsnap("compare", "golden.esr", "other.esr", cwd=work)
        return " ".join(done.stdout.split())

    record("golden.esr", b"1\n2\n")
    return told


def test_each_is_named_where_it_is_what_changed(compared: Compared, tmp_path: Path) -> None:
    """One golden run for all: each change is taken back before the next."""
    given = b"1\n2\n"
    assert "Same: every bit" in compared(given)
    told = compared(b"1\n3\n")
    assert "standard input differs" in told
    assert "Fix: Give the command the golden run's standard input." in told
    for name in ("factor-of-today", "factor-of-shell"):
        _program(tmp_path / "programs" / name, 2)
        assert f"another content of {name}" in compared(given)
        _program(tmp_path / "programs" / name, 1)
    _library(tmp_path / "work", 2)
    assert "another content of native/libscale.so" in compared(given)
