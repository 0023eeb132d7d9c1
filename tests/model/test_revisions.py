"""A manifest of an older revision is silent about facts that came later; it does not deny them."""

from __future__ import annotations

import json

import msgspec
import pytest

from envsnap.changes import walk
from envsnap.changes.change import ChangeKind
from envsnap.intake import facts
from envsnap.model.fields import plan
from envsnap.model.manifest import SCHEMA_REVISION, Manifest, Sections, Target
from envsnap.probe import capture
from tests import examples


def system(revision: int, **values: object) -> Manifest:
    """A manifest of one revision with one complete section."""
    made = examples.manifest({"system": values})
    return msgspec.structs.replace(made, schema_revision=revision)


def test_the_probe_looks_for_the_facts_of_this_revision() -> None:
    assert capture.REVISION == SCHEMA_REVISION


def test_what_an_older_manifest_could_not_say_is_unknown() -> None:
    older, newer = system(0, kernel="6.1"), system(1, kernel="6.1", cpu_level="x86-64-v3")
    for pair in ((older, newer), (newer, older)):
        (change,) = walk.compare(*pair).changes
        assert change.path == ("system", "cpu_level")
        assert change.kind is ChangeKind.UNKNOWN
        assert "did not record this yet" in str(change.reason)


def test_what_a_manifest_of_this_revision_does_not_say_is_absent() -> None:
    (change,) = walk.compare(system(1), system(1, cpu_level="x86-64-v3")).changes
    assert change.kind is ChangeKind.ADDED


def test_an_older_manifest_says_what_it_could_say() -> None:
    (change,) = walk.compare(system(0), system(1, kernel="6.1")).changes
    assert change.kind is ChangeKind.ADDED


def test_no_field_is_of_a_revision_to_come() -> None:
    for section in plan(Sections):
        assert section.record is not None
        assert {field.since for field in plan(section.record)} <= set(range(SCHEMA_REVISION + 1))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [(None, 0), (0, 0), (SCHEMA_REVISION, SCHEMA_REVISION), (99, SCHEMA_REVISION), ("1", 0)],
)
def test_facts_have_the_revision_of_the_probe_that_wrote_them(
    stated: object, expected: int
) -> None:
    message = {"probe": 1, "sections": {}, **({} if stated is None else {"revision": stated})}
    marker = "0" * 32
    text = f"envsnap-{marker}-begin\nfacts {json.dumps(message)}\nenvsnap-{marker}-end\n"
    read = facts.parse(text.encode(), "it")
    made = facts.to_manifest(read, Target(kind="file"), None, {}, "it")
    assert made.schema_revision == expected
