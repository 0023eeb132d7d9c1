"""`pdm.lock`: what was locked, with groups and markers where its strategy keeps them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import privacy, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.poetry_lock import ELSEWHERE
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted


def recognise(source: Source) -> bool:
    """TOML with packages and pdm's metadata."""
    if "[[package]]" not in source.text or "content_hash" not in source.text:
        return False
    metadata = trees.mapping(source.toml, "metadata")
    return "content_hash" in metadata and "lock_version" in metadata


def read(source: Source) -> Draft:
    """One choice an entry; an entry for an extra repeats its package."""
    draft = Draft("pdm.lock", "wanted")
    tree = source.toml
    inherits = "inherit_metadata" in (trees.texts(tree, "metadata", "strategy") or ())
    for item in trees.records(tree, "package"):
        name = trees.text(item, "name")
        if not isinstance(name, str):
            continue
        if "extras" in item:
            continue  # the package itself stands beside it
        key = canonical(name)
        draft.want(key, _choice(item))
        if not inherits:
            draft.gap("wanted", (key, "marker"), ELSEWHERE)
    targets = next(trees.records(tree, "metadata", "targets"), {})
    python = trees.text(targets, "requires_python")
    draft.add(Wanted(complete=False, entries={}, requires_python=python))
    draft.complete("wanted", names_only=True)
    return draft


def _choice(item: dict[str, Any]) -> Choice:
    groups = trees.texts(item, "groups")
    listed = groups if isinstance(groups, tuple) else ()
    git, url = trees.text(item, "git"), trees.text(item, "url")
    return Choice(
        version=trees.text(item, "version"),
        marker=trees.text(item, "marker"),
        groups=UNSET if not listed or "default" in listed else tuple(sorted(listed)),
        origin=_origin(item, git, url),
        editable=True if item.get("editable") is True else UNSET,
    )


def _origin(item: dict[str, Any], git: str | UnsetType, url: str | UnsetType) -> Origin | UnsetType:
    if isinstance(git, str):
        return Origin(url=privacy.clean_url(git), vcs="git", commit=trees.text(item, "revision"))
    return Origin(url=privacy.clean_url(url)) if isinstance(url, str) else UNSET
