"""Bisections of real environments: what is named, and how it is proven."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import envsnap
from envsnap.bisection.result import NOT_CARRIED, PROVEN, UNKNOWN
from envsnap.bisection.session import Options
from tests.bisection.world import IMPORTS, World, culprits, left_over

SILENT = "import sys\nsys.exit(trial_{name}.value == 2)\n"


@pytest.mark.parametrize("name", ["00", "07", "11"])
def test_a_silent_culprit_is_proven_both_ways(world: World, name: str) -> None:
    found = world.bisect(SILENT.format(name=name))
    assert (found.outcome, found.exit_code) == (PROVEN, 0)
    assert culprits(found) == [[f"packages.trial-{name}"]]
    cause = found.causes[0]
    assert (cause.proof.verdict, cause.proof.sets) == ("bad", (f"packages.trial-{name}",))
    assert found.undone is not None
    assert (found.undone.verdict, found.undone.undone) == ("good", True)
    assert cause.fixes == (f"pip install --no-deps trial-{name}==1.0",)
    assert found.cost is not None
    assert found.cost.trials <= 2 * 4 + 4
    assert left_over() == []
    assert found.notes == ()


def test_the_public_function_may_be_called_twice(world: World) -> None:
    Path("main.py").write_text(IMPORTS + SILENT.format(name="02"))
    good, bad = world.manifests()
    for _ in range(2):
        options = Options(find_links=str(world.wheels))
        found = envsnap.bisect_environments(good, bad, ("python", "main.py"), options)
        assert culprits(found) == [["packages.trial-02"]]


def test_two_that_fail_only_together_are_both_named(world: World) -> None:
    program = "import os, sys\nsys.exit(trial_09.value == 2 and os.environ.get('MODE') == 'b')\n"
    found = world.bisect(program, world.manifests({"MODE": "a"}, {"MODE": "b"}))
    assert culprits(found) == [["env_vars.MODE", "packages.trial-09"]]
    assert found.outcome == PROVEN


def test_an_exit_code_that_varies_makes_no_companion(world: World) -> None:
    """The first runs show one code by chance; each later one is of the same fault."""
    program = (
        "import os, sys, pathlib\n"
        "if os.environ.get('MODE') != 'b': sys.exit(0)\n"
        "count = len(list(pathlib.Path(os.environ['COUNTS']).iterdir()))\n"
        "pathlib.Path(os.environ['COUNTS'], str(count)).touch()\n"
        "sys.exit(3 if count < 3 else 3 + count % 2)\n"
    )
    place = world.folder / "counts"
    place.mkdir()
    counts = {"COUNTS": str(place)}
    sides = world.manifests(
        {"MODE": "a", "COLOR": "x", **counts}, {"MODE": "b", "COLOR": "y", **counts}
    )
    found = world.bisect(program, sides)
    assert culprits(found) == [["env_vars.MODE"]]
    assert found.causes[0].companions == ()
    assert any("exit code differs" in note for note in found.notes)


def test_each_of_several_causes_is_named(world: World) -> None:
    program = "import sys\nsys.exit(trial_03.value == 2 or trial_10.value == 2)\n"
    found = world.bisect(program)
    assert culprits(found) == [["packages.trial-03"], ["packages.trial-10"]]
    assert found.undone is not None
    assert set(found.undone.sets) == {"packages.trial-03", "packages.trial-10"}
    assert found.undone.verdict == "good"


def test_what_a_culprit_requires_is_a_companion(world: World) -> None:
    program = "import sys, trial_user\nsys.exit(trial_user.value == 2)\n"
    found = world.bisect(program)
    assert culprits(found) == [["packages.trial-user"]]
    assert [item.path for item in found.causes[0].companions] == ["packages.trial-base"]
    assert found.outcome == PROVEN


def test_what_a_requirement_brought_along_is_spared_where_it_can_be(world: World) -> None:
    # `user` declares that it needs `base` of its release; this program never imports `user`.
    program = "import sys, importlib.metadata as m\nsys.exit(m.version('trial-user') == '2.0')\n"
    found = world.bisect(program)
    assert culprits(found) == [["packages.trial-user"]]
    assert found.causes[0].companions == ()
    assert found.needed == ()


def test_another_failure_is_not_the_bad_one(world: World) -> None:
    program = (
        "import sys\n"
        "if trial_04.value == 2 and trial_08.value == 1: raise LookupError('a third way')\n"
        "if trial_04.value == 2: raise ValueError('the fault')\n"
    )
    found = world.bisect(program)
    assert culprits(found) == [["packages.trial-04"]]
    assert [item.path for item in found.causes[0].companions] == ["packages.trial-08"]
    assert any(tried.verdict == "other" and "LookupError" in tried.told for tried in found.tried)


def test_a_fault_that_nothing_carried_makes_ends_with_its_sentence(world: World) -> None:
    found = world.bisect("print('fine')\n", repeat=3)
    assert (found.outcome, found.exit_code) == (NOT_CARRIED, 1)
    assert found.sentence.startswith("nothing that was carried makes the difference")
    assert "3 of 3 runs" in found.sentence
    assert found.causes == ()


def test_a_good_side_that_fails_here_is_shown(world: World) -> None:
    found = world.bisect("raise OSError('no such service')\n")
    assert (found.outcome, found.exit_code) == (UNKNOWN, 6)
    assert "the good side fails here: exit code 1, OSError" in found.sentence
    assert found.good_end is not None
    assert "no such service" in found.good_end.stderr


def test_sides_that_are_the_other_way_round(world: World) -> None:
    found = world.bisect("assert trial_03.value == 2\n")
    assert (found.outcome, found.exit_code) == (UNKNOWN, 6)
    assert found.sentence.endswith("the bad side works: are GOOD and BAD the other way round?")


def test_a_command_that_cannot_say_decides_nothing(world: World) -> None:
    program = "import sys\nsys.exit(125 if trial_05.value == 2 else 0)\n"
    found = world.bisect(program)
    assert found.exit_code == 6
    assert "cannot decide" in found.sentence


def test_a_fault_that_shows_in_every_third_run_is_named(world: World, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("")
    program = (
        "import os, sys\n"
        f"with open({str(counter)!r}, 'a') as stream: stream.write('x')\n"
        f"sys.exit(trial_06.value == 2 and os.path.getsize({str(counter)!r}) % 3 == 0)\n"
    )
    found = world.bisect(program)
    assert culprits(found) == [["packages.trial-06"]]
    assert found.outcome == PROVEN
    assert found.rates is not None
    assert 0.15 < found.rates.bad < 0.5
    assert found.rates.good == 0
    assert found.undone is not None
    assert found.undone.runs >= 10


def test_what_fails_otherwise_each_way_cannot_be_separated(world: World) -> None:
    program = (
        "import sys\n"
        "if trial_02.value != trial_07.value: raise LookupError('half of an upgrade')\n"
        "sys.exit(trial_02.value == 2)\n"
    )
    found = world.bisect(program)
    assert found.outcome == PROVEN
    assert culprits(found) == [["packages.trial-02", "packages.trial-07"]]
    assert found.causes[0].inseparable


def test_bits_judge_where_the_exit_code_says_nothing(world: World) -> None:
    program = "with open('answer', 'w') as s: s.write(str(trial_02.value + 10 * trial_07.value))\n"
    found = world.bisect(program, output="answer")
    # 11 is the good side's, 22 the bad side's; 12 and 21 are neither.
    assert culprits(found) == [["packages.trial-02", "packages.trial-07"]]
    assert found.causes[0].inseparable
    program = "print(trial_02.value)\n"
    assert culprits(world.bisect(program, output="-")) == [["packages.trial-02"]]


def test_a_path_of_a_config_file_is_named(world: World) -> None:
    for name, mean, layers in (("good", 0.5, 1), ("bad", 0.25, 2)):
        config = {"model": {"mean": mean, "layers": layers}, "log": name, "password": name}
        Path(f"{name}.json").write_text(json.dumps(config))
    program = "import json, sys\nsys.exit(json.load(open('good.json'))['model']['mean'] != 0.5)\n"
    found = world.bisect(program, files=("app=good.json:bad.json",))
    assert culprits(found) == [["configs.app.model.mean"]]
    told = {item.path: (item.good, item.bad) for item in found.atoms}
    assert told["configs.app.model.layers"] == (1, 2)
    assert told["configs.app.password"] == ("<redacted by envsnap>",) * 2
    assert json.loads(Path("good.json").read_text())["model"]["mean"] == 0.5


def test_a_file_outside_the_folder_is_reached_by_its_variable(world: World, tmp_path: Path) -> None:
    good, bad = tmp_path / "a.bin", tmp_path / "b.bin"
    good.write_bytes(b"good")
    bad.write_bytes(b"bad")
    program = "import os, sys\nsys.exit(open(os.environ['MODEL'], 'rb').read() == b'bad')\n"
    sides = world.manifests({"MODEL": str(good)}, {"MODEL": str(bad)})
    found = world.bisect(program, sides, files=(f"model={good}:{bad}",))
    assert culprits(found) == [["files.model"]]
    assert good.read_bytes() == b"good"


def test_a_spent_budget_gives_the_smallest_set_so_far(world: World) -> None:
    found = world.bisect(SILENT.format(name="11"), max_trials=4)
    assert (found.outcome, found.exit_code) == (UNKNOWN, 6)
    assert "4 trials" in found.sentence
    assert found.smallest
    assert found.cost is not None
    assert found.cost.trials == 4


def test_a_spent_budget_of_time_ends_in_unknown_as_well(world: World) -> None:
    found = world.bisect(SILENT.format(name="11"), budget=0.001)
    assert (found.outcome, found.exit_code) == (UNKNOWN, 6)
    assert "0.001 s is spent" in found.sentence


@pytest.mark.full
def test_a_hang_is_a_failure_of_its_own(world: World) -> None:
    program = "import time\nif trial_00.value == 2: time.sleep(600)\n"
    found = world.bisect(program, timeout=6.0, repeat=1)
    assert culprits(found) == [["packages.trial-00"]]
    failing = [trial for trial in found.tried if trial.verdict == "bad"]
    assert failing
    assert all("124" in trial.told for trial in failing)


def test_several_runs_at_once_find_the_same(world: World) -> None:
    found = world.bisect(SILENT.format(name="02"), jobs=3)
    assert culprits(found) == [["packages.trial-02"]]
    assert left_over() == []


def test_a_version_that_no_index_has_is_held_equal(world: World, tmp_path: Path) -> None:
    from msgspec.structs import replace

    good, bad = world.manifests()
    packages = bad.sections.packages
    entries = dict(packages.entries)
    entries["trial-01"] = replace(entries["trial-01"], version="3.0")
    sections = replace(bad.sections, packages=replace(packages, entries=entries))
    text = "import trial_01, trial_08, sys\nsys.exit(trial_08.value == 2 or trial_01.value != 1)\n"
    Path("other.py").write_text(text)  # the good side's version is there
    sides = (good, replace(bad, sections=sections))
    found = world.bisect("", sides, command=("python", "other.py"))
    held = {item.path: item.why for item in found.held}
    assert "cannot be installed here" in held["packages.trial-01"]
    assert culprits(found) == [["packages.trial-08"]]


def test_what_the_bad_side_prints_moves_its_suspect_to_the_front(world: World) -> None:
    places = []
    for answer in ("sys.exit(1)", "raise ImportError('cannot import name Old from trial_11')"):
        found = world.bisect(f"import sys\nif trial_11.value == 2: {answer}\n")
        assert culprits(found) == [["packages.trial-11"]]
        places.append(found.causes[0].culprits[0].place)
    assert places[0] > 3
    assert places[1] == 1
