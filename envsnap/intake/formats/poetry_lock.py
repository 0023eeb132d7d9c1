"""`poetry.lock`: what was locked. Where it is wanted stands in it since lock version 2.1."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import names, privacy, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted

ELSEWHERE = "not stated: pyproject.toml says where it is asked for, this lock does not"


def recognise(source: Source) -> bool:
    """TOML with packages and poetry's metadata."""
    if "[[package]]" not in source.text or "content-hash" not in source.text:
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
        key = names.canonical(name)
        draft.want(key, _choice(item, extras.get(key, ())))
        if key in conditional and "groups" not in item:
            draft.gap("wanted", (key, "marker"), ELSEWHERE)
    python = trees.text(tree, "metadata", "python-versions")
    draft.add(Wanted(complete=False, entries={}, requires_python=python))
    draft.complete("wanted", names_only=True)
    return draft


def _extras(tree: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for extra, members in sorted(tree.items()):
        for member in members if isinstance(members, list) else ():
            key = names.canonical(str(member).partition(" ")[0])
            found[key] = (*found.get(key, ()), extra)
    return found


def _conditional(tree: dict[str, Any]) -> set[str]:
    """What packages need under a marker only: the project itself may still need it everywhere."""
    always: set[str] = set()
    sometimes: set[str] = set()
    for item in trees.records(tree, "package"):
        for name, need in trees.mapping(item, "dependencies").items():
            marked = isinstance(need, dict) and ("markers" in need or need.get("optional") is True)
            (sometimes if marked else always).add(names.canonical(name))
    return sometimes - always


def _choice(item: dict[str, Any], extras: tuple[str, ...]) -> Choice:
    stated = item.get("groups")
    listed = tuple(str(group) for group in stated) if isinstance(stated, list) else ()
    groups = () if "main" in listed else listed
    if item.get("category") not in (None, "main"):
        groups = (str(item["category"]),)
    if item.get("optional") is True:
        groups = extras or groups or ("optional",)
    return Choice(
        version=trees.text(item, "version"),
        marker=_marker(item),
        origin=_origin(item),
        groups=tuple(sorted(groups)) or UNSET,
    )


def _marker(item: dict[str, Any]) -> str | UnsetType:
    """One marker, or one a group: then that of the main group."""
    stated = item.get("markers")
    if isinstance(stated, dict):
        stated = stated.get("main")
    return stated if isinstance(stated, str) and stated else UNSET


def _origin(item: dict[str, Any]) -> Origin | UnsetType:
    kind, url = trees.text(item, "source", "type"), trees.text(item, "source", "url")
    if not isinstance(url, str) or kind not in ("git", "url"):
        return UNSET
    commit = trees.text(item, "source", "resolved_reference")
    vcs = kind if kind == "git" else UNSET
    return Origin(url=privacy.clean_url(url), vcs=vcs, commit=commit)
