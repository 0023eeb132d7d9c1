"""Code that is installed and known to nobody else: a package of one's own, byte code, and Python's options."""

from __future__ import annotations

import compileall
import os
from pathlib import Path

import msgspec
import pytest

from envsnap.replay.compare import code_lines, environment
from envsnap.replay.recorder.inside import places
from tests import examples
from tests.conftest import Run
from tests.replay.test_modules_from_elsewhere import record

MAIN = """
import torch
from teamlib import scaled
torch.manual_seed(0)
value = torch.nn.Linear(3, 2)(scaled(torch.ones(1, 3))).sum().item()
print(value)
"""


def first_of_all(path: Path) -> dict[str, str]:
    """PYTHONPATH with a folder before what it has."""
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(path), before)))}


def compared(
    envsnap: Run, python: str, folder: Path, before: tuple[str, ...], after: tuple[str, ...]
) -> str:
    """The verdict on the same script in a folder whose `site-packages` each run finds as it is."""
    (folder / "main.py").write_text(MAIN)
    told = ""
    for number, words in enumerate((before, after)):
        path = folder / f"site{number}" / "site-packages"
        env = first_of_all(path)
        golden = folder / "golden.esr"
        command = ("record", "-o", golden) if not number else ("compare", golden)
        done = envsnap(*command, "--", python, *words, "main.py", cwd=folder, env=env)
        told = done.stdout + done.stderr
    return " ".join(told.split())


def packages(folder: Path, *factors: int) -> None:
    for number, factor in enumerate(factors):
        path = folder / f"site{number}" / "site-packages"
        path.mkdir(parents=True)
        (path / "teamlib.py").write_text(f"def scaled(x):\n    return x * {factor}\n")


@pytest.mark.torch
def test_a_patched_package_of_ones_own_is_named(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    packages(tmp_path, 2, 3)
    told = compared(envsnap, torch_python, tmp_path, (), ())
    assert "teamlib.py line 2 differs: `return x * 3`" in told


@pytest.mark.torch
def test_an_option_of_python_is_named(envsnap: Run, torch_python: str, tmp_path: Path) -> None:
    packages(tmp_path, 2, 2)
    main = tmp_path / "main.py"
    told = compared(envsnap, torch_python, tmp_path, (), ("-O",))
    assert "Same: every bit" in told  # it changes nothing here
    text = main.read_text().replace("print(value", "print(value if __debug__ else -value")
    main.write_text(text)
    done = envsnap(
        "record", "-o", tmp_path / "two.esr", "--", torch_python, "main.py", cwd=tmp_path,
        env=first_of_all(tmp_path / "site0" / "site-packages"),
    )  # fmt: skip
    assert done.returncode == 0
    done = envsnap(
        "compare", tmp_path / "two.esr", "--", torch_python, "-O", "main.py", cwd=tmp_path,
        env=first_of_all(tmp_path / "site0" / "site-packages"),
    )  # fmt: skip
    assert "the argument python -O not set -> 1" in " ".join(done.stdout.split())


def test_what_is_known_since_a_revision_is_not_missed_before() -> None:
    files = {"a.py": "x = 1\n", "v/site-packages/teamlib.py": "y = 1\n"}
    old = record({"a.py": "x = 1\n"})
    new = msgspec.structs.replace(record(files), recording_revision=9)
    assert list(code_lines.compare(old, new)) == []
    both = msgspec.structs.replace(old, recording_revision=9)
    assert len(list(code_lines.compare(both, new))) == 1


def test_byte_code_alone_is_known_by_a_digest(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("LIMIT = 1\n")
    compileall.compile_file(tmp_path / "rules.py", legacy=True, quiet=1)
    first = places.source(str(tmp_path / "rules.pyc"))
    os.utime(tmp_path / "rules.py", (1, 1))
    compileall.compile_file(tmp_path / "rules.py", legacy=True, quiet=1, force=True)
    assert places.source(str(tmp_path / "rules.pyc")) == first
    (tmp_path / "rules.py").write_text("LIMIT = 2\n")
    compileall.compile_file(tmp_path / "rules.py", legacy=True, quiet=1, force=True)
    assert places.source(str(tmp_path / "rules.pyc")) != first


def test_another_release_that_nobody_knows_is_told_where_nothing_else_differs() -> None:
    sides = [
        examples.manifest({"packages": examples.packages(teamlib=version, pip=pip)})
        for version, pip in (("2.4.0", "23"), ("2.5.0", "24"))
    ]
    found = environment.between(*sides)
    assert found.rung.state == "same"
    assert "other releases: teamlib 2.4.0 -> 2.5.0" in found.rung.summary
    assert "pip" not in found.rung.summary


STAGES = """
import json, subprocess, sys
import torch
model = torch.nn.Linear(2, 1).eval()
torch.manual_seed(0)
with torch.no_grad():
    model.weight.fill_(1), model.bias.fill_(0)
    model(torch.ones(1, 2))
subprocess.run([sys.executable, "stage.py"], check=True)
print("loss", round(torch.load("made.pt").item(), 3))
"""
STAGE = """
import json
import torch
torch.save(torch.ones(2).sum() * json.load(open("job.json"))["scale"], "made.pt")
"""


@pytest.mark.torch
def test_what_a_run_made_and_read_again_is_no_cause(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text(STAGES)
    (tmp_path / "stage.py").write_text(STAGE)
    (tmp_path / "job.json").write_text('{"scale": 2.0}')
    golden = tmp_path / "golden.esr"
    assert envsnap("record", "-o", golden, "--", torch_python, "main.py", cwd=tmp_path).returncode == 0  # fmt: skip
    (tmp_path / "job.json").write_text('{"scale": 3.0}')
    done = envsnap("compare", golden, "--", torch_python, "main.py", cwd=tmp_path)
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "job.json: scale 2.0 -> 3.0" in told
    assert "made.pt" not in told.partition("Fix:")[0]
