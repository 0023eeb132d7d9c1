"""What the whole engine says: each case is heard, and `check` never knows more than `diff`."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envsnap import api
from envsnap.intake import reader
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path as FactPath
from envsnap.model.paths import text
from envsnap.rules import engine, registry
from envsnap.rules.finding import Finding
from envsnap.rules.rule import Rule
from tests.golden import hosts
from tests.rules.test_rules import FOLDERS, side

ARCHIVE = sorted((Path(__file__).parents[1] / "archive").glob("*/*.json"))


@pytest.mark.parametrize(
    "folder",
    [folder for folder in FOLDERS if folder.name.startswith("fires")],
    ids=lambda folder: f"{folder.parent.name}/{folder.name}",
)
def test_each_case_is_heard_when_every_rule_speaks(folder: Path) -> None:
    """A rule in the wrong section, or behind another one, would never speak.

    Where another rule is meant to speak in its place, `expected.json` names it as `engine`.
    """
    expected = json.loads((folder / "expected.json").read_text())
    if "error_text" in expected:
        manifest = side(folder, "reference", expected)
        found = engine.inspect(manifest, error_text=expected["error_text"]).findings
    else:
        found = engine.compare(
            side(folder, "reference", expected), side(folder, "other", expected)
        ).findings
    told = {(finding.rule, text(finding.path)): finding.severity.value for finding in found}
    for want in expected["findings"]:
        rule = expected.get("engine", {}).get(want["path"], folder.parent.name)
        severity = told.get((rule, want["path"]))
        assert severity is not None, (
            f"{rule} is not heard of {want['path']} when every rule speaks. Is its section in the"
            " registry right, and does its line stand above the general rule that spoke instead?"
            f" {told}"
        )
        if rule == folder.parent.name:
            assert severity == want.get("severity", severity)


def test_the_registry_says_which_rules_inspect() -> None:
    for entry in registry.REGISTRY:
        overridden = type(entry.load()).inspect is not Rule.inspect
        told = f"registry line of {entry.id}: write inspects={overridden}"
        assert entry.inspects is overridden, told


def assert_check_is_in_diff(reference: Manifest, other: Manifest) -> None:
    """What check(other) finds and check(reference) does not is in the diff, as severe at least.

    Of two releases that do not fit, the diff is about the one that differs, and cites the other.
    """
    known = {(found.rule, found.path) for found in api.check(reference).findings}
    told: dict[tuple[str, FactPath], Finding] = {}
    for found in api.diff(reference, other).findings:
        for path in (found.path, *found.cites):
            place = found.rule, path
            if place not in told or found.severity.rank < told[place].severity.rank:
                told[place] = found
    for found in api.check(other).findings:
        place = found.rule, found.path
        if place in known:
            continue
        assert place in told, place
        assert told[place].severity.rank <= found.severity.rank, place


SIDES: list[tuple[Path, str]] = [
    (folder, name)
    for folder in FOLDERS
    for name in ("reference", "other")
    if (folder / f"{name}.json").exists()
]


def manifest_of(place: tuple[Path, str]) -> Manifest:
    folder, name = place
    return side(folder, name, json.loads((folder / "expected.json").read_text()))


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_check_is_in_diff_in_every_case(folder: Path) -> None:
    if (folder / "other.json").exists():
        sides = [manifest_of((folder, name)) for name in ("reference", "other")]
        assert_check_is_in_diff(sides[0], sides[1])
        assert_check_is_in_diff(sides[1], sides[0])


@settings(max_examples=300)
@given(st.sampled_from(SIDES), st.sampled_from(SIDES))
def test_check_is_in_diff_of_any_two_sides(one: tuple[Path, str], two: tuple[Path, str]) -> None:
    assert_check_is_in_diff(manifest_of(one), manifest_of(two))


def test_check_is_in_diff_of_whole_hosts() -> None:
    known = [hosts.dev(), hosts.prod(), *(reader.load(str(path)).manifest for path in ARCHIVE)]
    for one, two in pairwise([*known, known[0]]):
        assert_check_is_in_diff(one, two)
        assert_check_is_in_diff(two, one)


@settings(max_examples=60)
@given(st.sampled_from(SIDES))
def test_check_is_in_diff_of_a_side_beside_whole_hosts(place: tuple[Path, str]) -> None:
    assert_check_is_in_diff(hosts.dev(), manifest_of(place))
    assert_check_is_in_diff(manifest_of(place), hosts.prod())
