"""`pylock.toml` (PEP 751): what is wanted, each line with its marker."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import privacy, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted


def recognise(source: Source) -> bool:
    """TOML with a lock version, its author and packages."""
    if "lock-version" not in source.text or "created-by" not in source.text:
        return False
    return isinstance(source.toml.get("lock-version"), str) and "packages" in source.toml


def read(source: Source) -> Draft:
    """One choice an entry. Groups that are not installed by default are part of the marker."""
    draft = Draft("pylock.toml", "wanted")
    tree = source.toml
    for item in trees.records(tree, "packages"):
        name = trees.text(item, "name")
        if isinstance(name, str):
            draft.want(canonical(name), _choice(item))
    draft.add(
        Wanted(complete=False, entries={}, requires_python=trees.text(tree, "requires-python"))
    )
    draft.complete("wanted", names_only=True)
    return draft


def _choice(item: dict[str, Any]) -> Choice:
    marker = trees.text(item, "marker")
    editable = trees.at(item, "directory", "editable") is True
    return Choice(
        version=trees.text(item, "version"),
        marker=marker,
        origin=_origin(item),
        editable=True if editable else UNSET,
    )


def _origin(item: dict[str, Any]) -> Origin | UnsetType:
    vcs, archive = trees.mapping(item, "vcs"), trees.mapping(item, "archive")
    place = vcs or archive
    if not place:
        return UNSET
    url = trees.text(place, "url")
    return Origin(
        url=privacy.clean_url(url) if isinstance(url, str) else UNSET,
        vcs=trees.text(vcs, "type"),
        commit=trees.text(vcs, "commit-id"),
        sha256=trees.text(archive, "hashes", "sha256"),
    )
