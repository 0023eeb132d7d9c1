"""What a run reads beside what people only read: notes last, code of other processes, missing models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run

RUN = """
import json, logging, subprocess, sys
import torch
from torch import nn
import tool
log = logging.getLogger(__name__)
card = json.load(open("card.json"))
torch.manual_seed(0)
models = {"one": nn.Linear(4, 2), "two": nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))}
with torch.no_grad():
    found = sum(models[name](torch.ones(2, 4)) for name in card["members"])
added = float(subprocess.run([sys.executable, "child.py"], capture_output=True, text=True, check=True).stdout)
print([round(float(item), 4) for item in tool.scaled(found[0], card["gain"]) + added])
"""
TOOL = """
import logging
log = logging.getLogger(__name__)
__version__ = "1.0"
def scaled(values, gain):
    log.debug("scaled %d values", len(values))
    return values * gain
"""
CARD = {"version": "1.0", "description": "first", "gain": 1.0, "members": ["one", "two"]}


class Project:
    """A program of three files and a configuration, recorded as it is."""

    def __init__(self, folder: Path, run: Run, python: str) -> None:
        self._folder, self._run, self._python = folder, run, python
        texts = {
            "run.py": RUN,
            "tool.py": TOOL,
            "child.py": "print(0.25)\n",
            "card.json": json.dumps(CARD),
        }
        for name, text in texts.items():
            (folder / name).write_text(text)
        assert run("record", "-o", "golden.esr", "--", python, "run.py").returncode == 0

    def changed(self, edits: dict[str, tuple[str, str]]) -> str:
        """What is said of the program with other texts in its files, up to the fix and with it."""
        for name, (old, new) in edits.items():
            text = (self._folder / name).read_text()
            assert old in text
            (self._folder / name).write_text(text.replace(old, new))
        done = self._run("compare", "golden.esr", "--", self._python, "run.py")
        assert done.returncode == 1, done.stdout + done.stderr
        return " ".join(done.stdout.split()).partition("Compared:")[0]


@pytest.fixture
def project(tmp_path: Path, envsnap: Run, torch_python: str) -> Project:
    return Project(tmp_path, envsnap, torch_python)


def test_a_note_stands_behind_the_key_that_is_computed_with(project: Project) -> None:
    said = project.changed(
        {
            "card.json": (
                '"1.0", "description": "first", "gain": 1.0',
                '"1.1", "description": "second", "gain": 2.0',
            )
        }
    )
    assert said.index("gain 1.0 -> 2.0") < said.index("description first -> second")
    assert "Use the golden run's card.json" in said


def test_a_note_is_no_remedy_where_the_code_differs(project: Project) -> None:
    said = project.changed(
        {"card.json": ("first", "second"), "tool.py": ("values * gain", "values * gain + 1")}
    )
    assert "tool.py line 7 differs: `return values * gain + 1`" in said
    assert said.index("tool.py") < said.index("description first -> second")
    assert "Fix: Compare the code of both runs at this line." in said


def test_of_a_block_the_line_that_computes_is_told(project: Project) -> None:
    said = project.changed(
        {
            "tool.py": (
                '("scaled %d values", len(values))\n    return values * gain',
                '("%d values", len(values))\n    return values / gain + 1',
            )
        }
    )
    assert "tool.py line 7 differs: `return values / gain + 1`" in said


def test_a_release_of_the_program_itself_stands_last(project: Project) -> None:
    said = project.changed({"tool.py": ('"1.0"', '"1.1"'), "run.py": (" + added", " - added")})
    before, found, _ = said.partition("run.py line")
    assert found
    assert "__version__" not in before


def test_the_code_of_a_child_is_compared(project: Project) -> None:
    said = project.changed({"child.py": ("0.25", "0.5")})
    assert "child.py line 1 differs: `print(0.5)`" in said


def test_a_model_that_is_left_out_by_a_configuration_names_it(project: Project) -> None:
    said = project.changed({"card.json": ('"members": ["one", "two"]', '"members": ["one"]')})
    assert "card.json: members" in said
    assert "Fix: Use the golden run's card.json." in said
