"""A manifest of an older revision is silent about facts that came later; it does not deny them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from envsnap.changes import walk
from envsnap.changes.change import ChangeKind
from envsnap.cli.schema import render
from envsnap.intake import facts
from envsnap.model.fields import plan
from envsnap.model.manifest import SCHEMA_REVISION, Manifest, Sections, Target
from envsnap.probe import capture
from tests import examples

ARCHIVE = Path(__file__).parents[1] / "archive"
# What every section has, and new sections: a manifest without one says nothing of it at all.
OF_EVERY_SECTION = ("complete", "digest", "gaps", "entries")
OF_THE_DOCUMENT = {
    "Manifest.sealed", "Sections.codecs", "Sections.data", "Sections.files", "Sections.rocm",
    "Sections.wanted",
}  # fmt: skip


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


def test_every_field_that_no_release_had_names_its_revision() -> None:
    """Else a manifest of an older release would be told to lack what it never looked for."""
    released = set((ARCHIVE / "0.1.0" / "fields.txt").read_text().split())
    schema = json.loads(render("manifest"))
    new = {
        f"{record}.{name}"
        for record, told in schema["$defs"].items()
        for name, field in told.get("properties", {}).items()
        if "x-envsnap-since" not in field and name not in OF_EVERY_SECTION
    }
    told = f"write since={SCHEMA_REVISION}: no release had these fields"
    assert new - released - OF_THE_DOCUMENT == set(), told


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


def test_the_guide_names_the_revision_to_write() -> None:
    guide = (ARCHIVE.parents[1] / "CONTRIBUTING.md").read_text()
    assert f"write `since={SCHEMA_REVISION}`" in guide
