"""The fact at a path is what the comparison of two manifests says it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envsnap import api
from envsnap.changes import walk
from envsnap.changes.change import ChangeKind
from envsnap.model import reading
from tests import examples
from tests.golden import hosts

CASES = Path(__file__).parents[1] / "rules" / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/other.json"))


def pairs() -> list[tuple[object, object]]:
    """The golden pair, and every case of a rule with two sides."""
    found = [(hosts.dev(), hosts.prod())]
    for folder in FOLDERS:
        expected = json.loads((folder / "expected.json").read_text())
        sides = [
            examples.manifest(
                json.loads((folder / f"{name}.json").read_text()),
                partial=tuple(expected.get("partial", {}).get(name, ())),
                gaps=expected.get("gaps", {}).get(name, {}),
            )
            for name in ("reference", "other")
        ]
        found.append((sides[0], sides[1]))
    return found


def test_it_agrees_with_the_walk_on_every_change() -> None:
    seen = dict.fromkeys(ChangeKind, 0)
    for reference, other in pairs():
        for change in walk.compare(reference, other).changes:  # type: ignore[arg-type]
            if change.path[0] == "wanted":
                continue  # held against what is installed, which stands elsewhere
            mine, theirs = (reading.fact(side, change.path) for side in (reference, other))  # type: ignore[arg-type]
            seen[change.kind] += 1
            if change.path[0] == "wanted":
                continue  # it is held against what is installed, which has another path
            if change.kind is ChangeKind.UNKNOWN:
                assert change.reason in (mine.unknown, theirs.unknown), change
                continue
            assert (mine.value, theirs.value) == (change.reference, change.other), change
            assert mine.unknown is None, change
            assert theirs.unknown is None, change
            assert mine.is_there is (change.kind is not ChangeKind.ADDED), change
            assert theirs.is_there is (change.kind is not ChangeKind.REMOVED), change
    assert min(seen.values()) > 3, seen


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("gpus", "0", "name"), reading.Fact(value="A100", is_there=True)),
        (("gpus", "0", "mig"), reading.Fact(value=None, is_there=True)),
        (("gpus", "0", "vbios"), reading.Fact(unknown="no permission")),
        (("gpus", "1", "name"), reading.Fact()),
        (("driver", "version"), reading.Fact(unknown=reading.NOT_CAPTURED)),
        (("packages", "torch", "version"), reading.Fact(unknown=reading.NOT_STATED)),
        (("weights", "model.pt", "sha256"), reading.Fact(unknown=reading.NOT_NAMED)),
        (("configs", "app", "a", "b", "1"), reading.Fact(value="2", is_there=True)),
        (("configs", "app", "a", "c"), reading.Fact()),
        (("nothing", "here"), reading.Fact(unknown=reading.NOT_CAPTURED)),
        ((), reading.Fact(unknown=reading.NOT_CAPTURED)),
    ],
)
def test_facts(path: tuple[str, ...], told: reading.Fact) -> None:
    config = {"text": "a:\n  b: [1, 2]\n", "format": "yaml", "path": "a", "sha256": "0", "size": 1}
    made = examples.manifest(
        {
            "gpus": {"entries": {"0": {"name": "A100", "mig": None}}},
            "packages": examples.packages(numpy="2.0"),
            "configs": {"entries": {"app": config}},
            "weights": {"entries": {"other.pt": {"sha256": "1", "size": 1}}},
        },
        partial=("packages",),
        gaps={"gpus": {"[0].vbios": "no permission"}},
    )
    assert reading.fact(made, path) == told


def test_it_agrees_with_what_reports_show() -> None:
    for finding in api.diff(hosts.dev(), hosts.prod()).findings:
        assert reading.fact(hosts.dev(), finding.path).value == finding.reference
        assert reading.fact(hosts.prod(), finding.path).value == finding.other
