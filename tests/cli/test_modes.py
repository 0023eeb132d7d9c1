"""What is made from a closed file is closed: reports copy facts of manifests."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.conftest import Run

GOLDEN = Path(__file__).parents[1] / "golden" / "dev-prod"
COMMANDS = (
    ("diff", "dev.json", "prod.json", "--fail-on", "never", "-o", "out"),
    ("check", "dev.json", "--format", "json", "--fail-on", "never", "-o", "out"),
    ("bisect", "dev.json", "prod.json", "--plan", "-o", "out", "--", "true"),
    ("probe", "--verify", "dev.json", "-o", "out"),
    ("fleet", "diff", "answers", "--fail-on", "never", "-o", "out"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answers").mkdir()
    for name in ("dev.json", "prod.json"):
        for place in (tmp_path, tmp_path / "answers"):
            shutil.copy(GOLDEN / name, place / name)
            os.chmod(place / name, 0o644)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_report_is_as_closed_as_what_it_was_made_from(
    words: tuple[str, ...], envsnap: Run, folder: Path
) -> None:
    before = os.umask(0o022)
    try:
        done = envsnap(*words)
        assert (folder / "out").exists(), done.stderr
        assert mode(folder / "out") == 0o644
        os.chmod(folder / "dev.json", 0o600)
        os.chmod(folder / "answers" / "prod.json", 0o600)
        envsnap(*words)
        assert mode(folder / "out") == 0o600
        os.umask(0o077)
        os.chmod(folder / "dev.json", 0o644)
        os.chmod(folder / "answers" / "prod.json", 0o644)
        envsnap(*words)
        assert mode(folder / "out") == 0o600
    finally:
        os.umask(before)


def test_what_is_made_from_a_pipe_is_closed(envsnap: Run, folder: Path) -> None:
    text = (folder / "dev.json").read_bytes()
    envsnap("check", "-", "--fail-on", "never", "-o", "out", stdin=text)
    assert mode(folder / "out") == 0o600


def test_a_context_is_open_as_builders_need_it_and_says_so(envsnap: Run, folder: Path) -> None:
    before = os.umask(0o022)
    try:
        opened = envsnap("dockerfile", "dev.json", "-o", "open")
        os.chmod(folder / "dev.json", 0o600)
        closed = envsnap("dockerfile", "dev.json", "-o", "closed")
        os.umask(0o077)
        narrow = envsnap("dockerfile", "dev.json", "-o", "narrow")
    finally:
        os.umask(before)
    for name, done in (("closed", closed), ("narrow", narrow)):
        assert mode(folder / name / "Dockerfile") == 0o644
        assert f"others of this machine can read {name}" in done.stderr
    assert "others of this machine" not in opened.stderr
