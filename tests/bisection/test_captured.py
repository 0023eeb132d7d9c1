"""What a trial installs is what was captured, or nothing is proven of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from msgspec.structs import replace

from envsnap import api
from envsnap.bisection import sides
from envsnap.bisection.result import UNKNOWN, Bisection
from envsnap.bisection.session import Options
from tests import examples
from tests.bisection import wheels
from tests.bisection.world import IMPORTS, World, culprits

FAULT = "assert trial_03.value != 2, 'the fault'\n"


def links(world: World, folder: Path) -> Path:
    """A folder with the world's wheels that a test may change."""
    return Path(shutil.copytree(world.wheels, folder))


def bisect(world: World, folder: Path, program: str) -> Bisection:
    Path("main.py").write_text(IMPORTS + program)
    chosen = Options(find_links=str(folder))
    return api.bisect_environments(*world.manifests(), ("python", "main.py"), chosen)


def test_a_wheel_of_other_content_proves_nothing(world: World, tmp_path: Path) -> None:
    given = links(world, tmp_path / "links")
    wheels.wheel(given, "trial-03", "2.0", "value = 2\nbuilt_again = True\n")
    found = bisect(world, given, FAULT)
    assert found.outcome == UNKNOWN
    assert "other files than what was captured" in found.sentence
    assert any("not as captured: trial-03" in note for note in found.notes)


def test_that_nothing_makes_a_difference_is_not_said_of_other_files(
    world: World, tmp_path: Path
) -> None:
    given = links(world, tmp_path / "links")
    wheels.wheel(given, "trial-03", "2.0", "value = 3\n")  # the fault was mended in it
    found = bisect(world, given, FAULT)
    assert found.outcome == UNKNOWN
    assert "trial-03" in found.sentence


def test_a_wheel_that_is_replaced_is_seen(world: World, tmp_path: Path) -> None:
    given = links(world, tmp_path / "links")
    name = "trial_03-2.0-py3-none-any.whl"
    wheels.wheel(given, "trial-03", "2.0", "value = 3\n")
    assert bisect(world, given, FAULT).outcome == UNKNOWN
    shutil.copy(world.wheels / name, given / name)
    assert culprits(bisect(world, given, FAULT)) == [["packages.trial-03"]]


def test_of_two_builds_the_captured_one_is_taken(world: World, tmp_path: Path) -> None:
    given = links(world, tmp_path / "links")
    other = tmp_path / "other"
    other.mkdir()
    wheels.wheel(other, "trial-03", "2.0", "value = 3\n")
    os.rename(other / "trial_03-2.0-py3-none-any.whl", given / "trial_03-2.0-9-py3-none-any.whl")
    assert culprits(bisect(world, given, FAULT)) == [["packages.trial-03"]]


def test_a_name_and_a_version_are_no_origin(tmp_path: Path) -> None:
    wheels.wheel(tmp_path, "ours", "1.0", "value = 1\n")
    origin = {"url": "https://git.example/ours", "vcs": "git", "commit": "0" * 40}
    entries = {"ours": {"version": "1.0", "origin": origin, "record_sha256": "1" * 64}}
    manifest = examples.manifest({"packages": {"entries": entries}})
    assert sides.read(manifest, str(tmp_path)).packages["ours"].obstacle is not None
    right = sides.read(manifest, None).packages["ours"]
    assert replace(right, obstacle=None).record == "1" * 64
