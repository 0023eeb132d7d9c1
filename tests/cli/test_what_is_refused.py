"""Options that would be dropped in silence, and files that hide Python's own modules, are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.model.test_scan import GOOD


@pytest.mark.parametrize("value", ["A=b", "", "A B"])
@pytest.mark.parametrize("command", [("capture", "--no-import"), ("run",)])
def test_what_is_no_name_of_a_variable(
    command: tuple[str, ...], value: str, envsnap: Run, tmp_path: Path
) -> None:
    done = envsnap(*command, "--env", value, "-o", "x.json", *(["--", "true"] if command == ("run",) else []))  # fmt: skip
    assert done.returncode == 2
    assert "a variable's name alone" in done.stderr
    assert not (tmp_path / "x.json").exists()


def test_a_seal_takes_no_other_options(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(GOOD)
    done = envsnap("capture", "--seal", "d.json", "--label", "new", "-o", "k.json")
    assert done.returncode == 2
    assert "captures nothing" in done.stderr
    done = envsnap("capture", "--seal", "d.json", "-o", "k.json")
    assert "written to k.json" in done.stderr
    assert (tmp_path / "k.json").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [("json.py", "raise RuntimeError('mine')\n"), ("json.py", "def broken(:\n")],
)  # fmt: skip
def test_a_file_that_hides_pythons_own_module_is_named(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / name).write_text(text)
    (tmp_path / "d.json").write_bytes(GOOD)
    done = subprocess.run(
        [Path(sys.executable).with_name("envsnap"), "check", "d.json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "hiding")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
    assert f"{name} hides Python's own module" in done.stderr


def test_a_name_that_cannot_be_one_is_no_file(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n")
    done = envsnap("capture", "--no-import", "--config", "\u00e4pp=a.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "a name has letters of ASCII" in done.stderr
