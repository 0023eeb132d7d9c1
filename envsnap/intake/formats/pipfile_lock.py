"""`Pipfile.lock`: default and other categories apart, with markers."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import names, privacy, requirement_lines, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted


def recognise(source: Source) -> bool:
    """JSON with pipenv's own metadata."""
    return "pipfile-spec" in trees.mapping(source.json, "_meta")


def read(source: Source) -> Draft:
    """What each category asks for; one of both is wanted by default."""
    draft = Draft("Pipfile.lock", "wanted")
    tree = source.json
    default = trees.mapping(tree, "default")
    for category, entries in tree.items():
        if category == "_meta" or not isinstance(entries, dict):
            continue
        for name, entry in entries.items():
            if isinstance(entry, dict) and (category == "default" or name not in default):
                groups = UNSET if category == "default" else (category,)
                draft.want(canonical(name), choice(entry, groups))
    for item in trees.records(tree, "_meta", "sources"):
        url = trees.text(item, "url")
        if isinstance(url, str):
            draft.add_source(privacy.clean_url(url))
    full = trees.text(tree, "_meta", "requires", "python_full_version")
    short = trees.text(tree, "_meta", "requires", "python_version")
    python = f"=={full}" if full else f"=={short}.*" if short else UNSET
    draft.add(Wanted(complete=False, entries={}, requires_python=python))
    draft.complete("wanted", names_only=True)
    return draft


def choice(entry: dict[str, Any], groups: tuple[str, ...] | UnsetType) -> Choice:
    """What one entry asks for; without a version, or with *, any will do."""
    stated = entry.get("version")
    version = stated if isinstance(stated, str) and stated != "*" else ""
    bounds = requirement_lines.bounds(version)
    git, file = trees.text(entry, "git"), trees.text(entry, "file")
    origin: Origin | UnsetType = UNSET
    if isinstance(git, str):
        origin = names.repository(git, trees.text(entry, "ref"))
    elif isinstance(file, str):
        origin = names.address(file).origin
    return Choice(
        version=bounds.get("version", UNSET),
        specifier=bounds.get("specifier", UNSET),
        marker=trees.text(entry, "markers"),
        extras=trees.texts(entry, "extras"),
        editable=True if entry.get("editable") is True else UNSET,
        origin=origin,
        groups=groups,
    )
