"""A trial that did not have a difference as it was set decides nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.bisection import inside
from envsnap.bisection.effects import Ends, learnt
from envsnap.bisection.result import PROVEN
from tests.bisection import wheels
from tests.bisection.world import World, culprits

RESET = "import os\nif 'MODE' in os.environ: os.environ['MODE'] = 'a'\n"
# How a distribution's good release sets the variable back, as a file that every start reads.
RESETS = {
    "sitecustomize": {"sitecustomize.py": RESET},
    "pth": {"zz_pinner.pth": f"import os; exec({RESET!r})\n"},
}


@pytest.fixture(name="pinners", scope="module")
def _pinners(uv: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """Worlds in which the good release of one distribution sets MODE back."""
    assert uv
    found = {}
    for name, more in RESETS.items():
        made = World(tmp_path_factory.mktemp(name))
        wheels.wheel(made.wheels, "trial-pin", "1.0", "value = 1\n", more=more)
        wheels.wheel(made.wheels, "trial-pin", "2.0", "value = 2\n")
        for side, version in (("good", "1.0"), ("bad", "2.0")):
            wheels.add(made.folder / side, made.wheels, {"trial-pin": version})
        found[name] = made
    return found


@pytest.mark.parametrize("name", sorted(RESETS))
def test_a_variable_that_a_start_file_sets_back_decides_nothing(
    pinners: dict[str, World], name: str
) -> None:
    made = pinners[name]
    program = "import os, sys\nsys.exit(os.environ['MODE'] == 'b')\n"
    found = made.bisect(program, made.manifests({"MODE": "a"}, {"MODE": "b"}))
    assert found.outcome == PROVEN
    assert culprits(found) == [["env_vars.MODE"]]
    assert [item.path for item in found.causes[0].companions] == ["packages.trial-pin"]
    alone = [trial for trial in found.tried if trial.atoms == ("env_vars.MODE",)]
    assert [trial.verdict for trial in alone] == ["other"], "it worked, and had not what was set"
    assert any("did not take effect" in note and "env_vars.MODE" in note for note in found.notes)


def test_a_distribution_that_a_folder_hides_decides_nothing(world: World) -> None:
    # With the bad value of MODE the program's folder has a module of the same name.
    program = "import os, sys\nsys.exit(trial_04.value == 2 or os.environ['MODE'] == 'b')\n"
    start = (
        "import os, sys\n"
        "if os.environ['MODE'] == 'c': sys.path.insert(0, 'vendored')\n"
        "import trial_04\n"
    )
    Path("vendored").mkdir()
    Path("vendored", "trial_04.py").write_text("value = 1\n")
    Path("start.py").write_text(start + "exec(open('main.py').read())\n")
    sides = world.manifests({"MODE": "c"}, {"MODE": "a"})
    found = world.bisect(program, sides, command=("python", "start.py"))
    assert found.outcome == PROVEN
    assert culprits(found) == [["packages.trial-04"]]
    assert [item.path for item in found.causes[0].companions] == ["env_vars.MODE"]


def test_what_is_the_same_at_both_ends_is_said(world: World) -> None:
    Path("start.sh").write_text("#!/bin/sh\nexport MODE=fixed\nexec python main.py\n")
    Path("start.sh").chmod(0o755)
    program = "import sys\nsys.exit(trial_08.value == 2)\n"
    sides = world.manifests({"MODE": "a"}, {"MODE": "b"})
    found = world.bisect(program, sides, command=("sh", "start.sh"))
    assert culprits(found) == [["packages.trial-08"]]
    assert any("same of these on both sides" in note and "MODE" in note for note in found.notes)


def test_values_of_variables_are_in_no_log(world: World) -> None:
    program = "import sys\nsys.exit(trial_08.value == 2)\n"
    sides = world.manifests({"MODE": "first-value-of-it"}, {"MODE": "other-value-of-it"})
    found = world.bisect(program, sides)
    assert found.log is not None
    lines = [json.loads(line) for line in Path(found.log).read_text().splitlines()]
    assert all(line["seen"] for line in lines[1:])
    assert "value-of-it" not in Path(found.log).read_text()
    assert os.path.getsize(found.log) > 0


def test_ends_that_change_from_run_to_run_are_no_measure() -> None:
    ends = learnt([("1.0", "x", None), ("1.0", "y", None)], [("2.0", "z", "w")])
    assert ends == Ends(good=("1.0", None, None), bad=("2.0", "z", "w"))
    assert ends.untaken((0,), ("2.0", "anything", None)) == []
    assert ends.untaken((0, 1), ("1.0", "q", "v")) == [0, 1]
    assert ends.untaken((), ("1.0/hidden", None, None)) == [0]
    assert Ends().untaken((0,), ("2.0",)) == []


WITNESS = """
import os, sys
import _envsnap_trial
opened = []
sys.addaudithook(lambda event, words: opened.append(words[0]) if event == "open" else None)
{before}
sys.audit("cpython.run_file", "main.py")
print(opened)
"""


def witness(folder: Path, before: str) -> tuple[str, list[str]]:
    """What a program prints beside the witness, and the kinds of what that said."""
    shutil.copy(Path(inside.__file__).with_name("witness.py"), folder / "_envsnap_trial.py")
    said = folder / "said.jsonl"
    said.touch()
    done = subprocess.run(
        [sys.executable, "-c", WITNESS.format(before=before)],
        env={"PYTHONPATH": str(folder), "ENVSNAP_TRIAL_SAID": str(said)},
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip(), [json.loads(line)["kind"] for line in said.read_text().splitlines()]


def test_the_witness_opens_nothing_that_a_recorder_would_count(tmp_path: Path) -> None:
    printed, kinds = witness(tmp_path, "")
    assert printed == "[]"
    assert kinds == ["started", "main", "imported"]


def test_the_witness_writes_into_no_file_that_took_its_number(tmp_path: Path) -> None:
    before = "os.closerange(3, 40)\nmine = os.open('mine.txt', os.O_WRONLY | os.O_CREAT)"
    _, kinds = witness(tmp_path, before)
    assert (tmp_path / "mine.txt").read_bytes() == b""
    assert kinds == ["started", "main", "imported"]
