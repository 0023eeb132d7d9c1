"""Bad input to every command that reads a manifest: one line, exit 2, nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.model.test_scan import BAD, GOOD

COMMANDS = {
    "diff": ("diff", "good.json", "bad.json"),
    "diff, first": ("diff", "bad.json", "good.json"),
    "check": ("check", "bad.json"),
    "dockerfile": ("dockerfile", "bad.json", "-o", "context"),
}


def refused(envsnap: Run, folder: Path, command: str, name: str = "bad.json") -> None:
    """Run a command on bad input and look at how it ends."""
    (folder / "good.json").write_bytes(GOOD)
    done = envsnap(*COMMANDS[command])
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(f"envsnap: error: {name}: ")
    assert not (folder / "context").exists()


# The codec takes UTF-8 alone; what Windows wrote is turned into it when a file is read.
WINDOWS = ("UTF-16", "byte order mark")


@pytest.mark.parametrize("case", [case for case in BAD if case not in WINDOWS])
@pytest.mark.parametrize("command", ["diff", "check", "dockerfile"])
def test_bad_content(command: str, case: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(BAD[case][0])
    refused(envsnap, tmp_path, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_file(command: str, envsnap: Run, tmp_path: Path) -> None:
    refused(envsnap, tmp_path, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder(command: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.json").mkdir()
    refused(envsnap, tmp_path, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_large_file(command: str, envsnap: Run, tmp_path: Path) -> None:
    with (tmp_path / "bad.json").open("wb") as stream:
        stream.truncate(150 << 20)
    refused(envsnap, tmp_path, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_that_nobody_writes_to(command: str, envsnap: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bad.json")
    refused(envsnap, tmp_path, command)


def test_a_cut_off_facts_file(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("probe", "--no-import", "-o", "probe.py").returncode == 0
    import subprocess
    import sys

    facts = subprocess.run(
        [sys.executable, "probe.py"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    for data in (
        facts[:-20],
        facts.replace(b'"probe": 1', b'"probe": 7'),
        facts.replace(b"{", b"[", 1),
    ):
        (tmp_path / "bad.json").write_bytes(data)
        refused(envsnap, tmp_path, "check")


def test_a_line_break_in_a_name_stays_in_its_line(envsnap: Run, tmp_path: Path) -> None:
    done = envsnap("check", "a\nb\x1b[2J.json")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b" not in done.stderr
