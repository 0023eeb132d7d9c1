"""The tutorial of docs/bisect.md, run as it is written, with real packages; needs a package index."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from benchmarks.bisect import __main__ as benchmark
from tests.conftest import COMMAND

PAGE = Path(__file__).parents[2] / "docs" / "bisect.md"
PINS = {"good": {"numpy": "1.26.4", "six": "1.16.0"}, "bad": {"numpy": "2.2.6", "six": "1.17.0"}}


def blocks(kind: str) -> list[str]:
    """The page's blocks of a kind, without the indentation of a list."""
    found = re.findall(rf"^ *```{kind}\n(.*?)^ *```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(text).rstrip("\n") for text in found]


def shell(line: str, virtual: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a line as in a shell whose environment is active."""
    command = line.replace("envsnap", COMMAND, 1)
    variables = {**os.environ, "MODE": "fast"}
    if virtual is not None:
        variables["VIRTUAL_ENV"] = str(virtual)
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, env=variables
    )


@pytest.mark.full
def test_the_tutorial_leads_to_the_culprit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_OFFLINE")
    for name, pins in PINS.items():
        benchmark.environment(tmp_path / name, "3.11", pins)
    Path("config.yaml").write_text("model:\n  mean: 0.5\n")
    (program,) = (text for text in blocks("python") if text.startswith("# check.py"))
    Path("check.py").write_text(program)
    capture, plan, bisect = blocks("text")[:3]
    for line in capture.splitlines():
        host, _, words = line.partition("$ ")
        done = shell(words, tmp_path / host)
        assert done.returncode == 0, done.stderr
    done = shell(plan.removeprefix("$ "))
    assert done.returncode == 0, done.stderr
    assert "packages.numpy" in done.stdout
    first, *printed = bisect.splitlines()
    done = shell(first.removeprefix("$ ").replace(" -- ", " --yes -- "))
    assert done.returncode == 0, done.stderr
    told = re.sub(r" +", " ", done.stdout)
    for line in printed:
        assert re.sub(r" +", " ", line) in told, told
