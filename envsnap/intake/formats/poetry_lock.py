"""`poetry.lock`: what was locked. Where it is wanted stands in it since lock version 2.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import poetry_ranges, privacy, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted

ELSEWHERE = "not stated: pyproject.toml says where it is asked for, this lock does not"


def recognise(source: Source) -> bool:
    """TOML with packages and poetry's metadata."""
    if re.search(r"(?m)^(?:\[\[package\]\]|package = \[\])", source.text) is None:
        return False
    metadata = trees.mapping(source.toml, "metadata")
    return "content-hash" in metadata and "python-versions" in metadata


def read(source: Source) -> Draft:
    """One choice a package; optional ones are wanted by extras only."""
    draft = Draft("poetry.lock", "wanted")
    tree = source.toml
    extras = _extras(trees.mapping(tree, "extras"))
    conditional = _conditional(tree)
    for item in trees.records(tree, "package"):
        name = trees.text(item, "name")
        if not isinstance(name, str):
            continue
        key = canonical(name)
        for choice in _choices(item, extras.get(key, ())):
            draft.want(key, choice)
        if key in conditional and "groups" not in item:
            draft.gap("wanted", (key, "marker"), ELSEWHERE)
    python = trees.text(tree, "metadata", "python-versions")
    known = poetry_ranges.python(python) if isinstance(python, str) else UNSET
    if known is UNSET and python not in (UNSET, "*"):
        draft.leave("a range of Pythons in words that are not read")
    draft.add(Wanted(complete=False, entries={}, requires_python=known))
    draft.complete("wanted", names_only=True)
    return draft


def _extras(tree: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for extra, members in sorted(tree.items()):
        for member in members if isinstance(members, list) else ():
            key = canonical(str(member).partition(" ")[0])
            found[key] = (*found.get(key, ()), extra)
    return found


def _conditional(tree: dict[str, Any]) -> set[str]:
    """What packages need under a marker only: the project itself may still need it everywhere."""
    always: set[str] = set()
    sometimes: set[str] = set()
    for item in trees.records(tree, "package"):
        for name, need in trees.mapping(item, "dependencies").items():
            marked = isinstance(need, dict) and ("markers" in need or need.get("optional") is True)
            (sometimes if marked else always).add(canonical(name))
    return sometimes - always


def _choices(item: dict[str, Any], extras: tuple[str, ...]) -> Iterator[Choice]:
    """One choice for each marker, with the groups that it is for; none where main asks always."""
    for marker, groups in sorted(_by_marker(item).items()):
        own = groups
        if "main" in groups or not groups:
            own = (extras or ("optional",)) if item.get("optional") is True else ()
        yield Choice(
            version=trees.text(item, "version"),
            marker=marker or UNSET,
            origin=_origin(item),
            groups=tuple(sorted(own)) or UNSET,
        )
        if not marker and not own:
            return


def _by_marker(item: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The groups that ask for a package, by their marker; empty text is everywhere.

    Locks before version 2.1 name a category, or nothing, in place of groups.
    """
    stated, markers = item.get("groups"), item.get("markers")
    groups = tuple(str(group) for group in stated) if isinstance(stated, list) else ()
    if not groups and item.get("category") not in (None, "main"):
        groups = (str(item["category"]),)
    if not isinstance(markers, dict):
        return {markers if isinstance(markers, str) else "": groups}
    found: dict[str, tuple[str, ...]] = {}
    for group in groups:
        marker = str(markers.get(group, ""))
        found[marker] = (*found.get(marker, ()), group)
    return found


def _origin(item: dict[str, Any]) -> Origin | UnsetType:
    kind, url = trees.text(item, "source", "type"), trees.text(item, "source", "url")
    if not isinstance(url, str) or kind not in ("git", "url"):
        return UNSET
    commit = trees.text(item, "source", "resolved_reference")
    vcs = kind if kind == "git" else UNSET
    return Origin(url=privacy.clean_url(url), vcs=vcs, commit=commit)
