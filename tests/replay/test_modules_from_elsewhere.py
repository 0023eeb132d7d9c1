"""Modules that PYTHONPATH brings, or a folder beside the script's, are the program's code, too."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from envsnap.replay.compare import code_lines
from envsnap.replay.esr.recording import Record
from envsnap.replay.recorder.inside import given
from tests.conftest import Run

MAIN = """
import torch
from steps.scale import scaled
torch.manual_seed(0)
print(torch.nn.Linear(3, 2)(scaled(torch.ones(1, 3))).sum().item())
"""


def record(files: dict[str, str]) -> Record:
    found = given.code({name: text.encode() for name, text in files.items()})
    return Record(
        recording_version=2, recording_revision=8, envsnap_version="1", created_at="2026-11-30T00:00:00Z",
        label=None, complete=True, full=False, framework=None, notes=(), calls=(), tensors=(),
        code={name: tuple(lines) for name, lines in found["code"].items()},
        blocks={name: tuple(lines) for name, lines in found["blocks"].items()},
    )  # fmt: skip


@pytest.mark.torch
def test_a_module_that_another_pythonpath_brings_is_named(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    here = tmp_path / "project" / "scripts"
    here.mkdir(parents=True)
    (here / "main.py").write_text(MAIN)
    before = os.environ.get("PYTHONPATH")
    for place, factor in (("old", 2), ("new", 3)):
        package = tmp_path / place / "steps"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "scale.py").write_text(f"def scaled(x):\n    return x * {factor}\n")
        done = envsnap(
            "record", "-o", here / f"{place}.esr", "--", torch_python, "main.py", cwd=here,
            env={"PYTHONPATH": os.pathsep.join(filter(None, (str(tmp_path / place), before)))},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    done = envsnap("compare", "old.esr", "new.esr", cwd=here)
    assert done.returncode == 1
    assert "steps/scale.py line 2 differs" in " ".join(done.stdout.split())


def test_a_file_that_lies_elsewhere_now_is_compared_with_what_it_was() -> None:
    golden = record({"run.py": "import a\n", "old/a.py": "x = 1\n"})
    other = record({"run.py": "import a\n", "new/a.py": "x = 2\n"})
    (told,) = (line.told for line in code_lines.compare(golden, other))
    assert told == "new/a.py line 1 differs (in the golden run it is old/a.py)"


def test_a_file_that_may_be_either_of_two_is_compared_with_none() -> None:
    golden = record({"run.py": "1\n", "p/a.py": "x = 1\n", "q/a.py": "x = 3\n"})
    other = record({"run.py": "1\n", "new/a.py": "x = 2\n"})
    assert all("read" in line.told for line in code_lines.compare(golden, other))


def test_a_module_that_one_run_alone_reads_is_named_last() -> None:
    golden = record({"run.py": "import a\nx = 1\n", "a.py": "y = 1\n"})
    other = record({"run.py": "import a\nx = 2\n", "a/__init__.py": "y = 2\n"})
    told = [line.told for line in code_lines.compare(golden, other)]
    assert told == [
        "run.py line 2 differs",
        "the module a/__init__.py is read here only",
        "the module a.py is read in the golden run only",
    ]


def test_an_older_recording_does_not_know_all_modules() -> None:
    golden = record({"run.py": "x = 1\n"})
    other = record({"run.py": "x = 1\n", "lib/a.py": "y = 2\n"})
    older = msgspec.structs.replace(golden, recording_revision=7)
    assert not list(code_lines.compare(older, other))
    assert list(code_lines.compare(golden, other))
