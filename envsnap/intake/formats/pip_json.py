"""`pip list --format json` and `uv pip list --format json`."""

from __future__ import annotations

from msgspec import UNSET

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.knowledge.roles import is_known
from envsnap.model.python import Package

KEYS = {"name", "version", "editable_project_location", "location", "installer"}
FEWEST = 2  # packages of a list of which none is known
OUTDATED = {"latest_version", "latest_filetype"}


def recognise(source: Source) -> bool:
    """A list of objects with a name and a version, and nothing that pip does not write.

    One of its names is known, or all of its versions are such as Python's distributions have: a
    company's own packages are known to nobody.
    """
    tree = source.json
    return isinstance(tree, list) and bool(tree) and all(
        isinstance(item, dict)
        and {"name", "version"} <= set(item) <= KEYS | OUTDATED
        and isinstance(item["name"], str)
        and isinstance(item["version"], str)
        and names.is_name(item["name"])
        for item in tree
    ) and (
        any(is_known(canonical(item["name"])) for item in tree)
        or (len(tree) >= FEWEST and all(names.is_version(item["version"]) for item in tree))
    )  # fmt: skip


def read(source: Source) -> Draft:
    """The packages; of an --outdated list, only some."""
    draft = Draft("the output of pip list --format json", "installed")
    for item in source.json:
        editable = True if item.get("editable_project_location") else UNSET
        name, version = canonical(item["name"]), item["version"]
        known = UNSET if draft.doubt(name, version) else version
        draft.package(name, Package(version=known, editable=editable))
    if any(OUTDATED & set(item) for item in source.json):
        draft.leave("packages that are up to date")
    else:
        draft.complete("packages", names_only=True)
    return draft
