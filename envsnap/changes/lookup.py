"""The fact at a path of one manifest, in the words of a comparison."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, to_builtins

from envsnap.changes import walk
from envsnap.model.fields import Section
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, reason_for


class Fact(Struct, frozen=True, kw_only=True):
    """What a manifest says at a path: a value, or that it is absent, or why it is not known."""

    value: Any = None
    is_there: bool = False
    unknown: str | None = None


def fact(manifest: Manifest, path: Path) -> Fact:
    """Look a path up. An explicit null is there."""
    section = getattr(manifest.sections, path[0], UNSET) if path else UNSET
    if section is UNSET:
        return Fact(unknown=walk.NOT_CAPTURED)
    node: Any = section
    for key in path[1:]:
        node = _below(node, key)
        if node is UNSET:
            break
    if node is not UNSET:
        value = to_builtins(node)
        return Fact(value=list(value) if isinstance(value, tuple) else value, is_there=True)
    reason = reason_for(walk.gaps(section), path[1:])
    if reason is None and not _was_looked_for(section, path):
        reason = walk.NOT_NAMED
    if reason is None and not section.complete:
        reason = walk.NOT_STATED
    return Fact(unknown=reason)


def _was_looked_for(section: Section, path: Path) -> bool:
    """Tell whether this capture looked for a file that it does not have.

    A file below a named folder was looked for where there are others of that folder.
    """
    if path[0] not in walk.NAMED_BY_USER or len(path) == 1:
        return True
    entries = getattr(section, "entries", UNSET)
    if entries is UNSET or path[1] in entries:
        return entries is not UNSET
    folder, slash, _ = path[1].partition("/")
    return bool(slash) and any(name.startswith(f"{folder}/") for name in entries)


def _below(node: Any, key: str) -> Any:
    """One step down: a field, an entry of a map, or a key of a free tree."""
    if isinstance(node, Struct):
        if key in node.__struct_fields__ and getattr(node, key) is not UNSET:
            return getattr(node, key)
        inner = next((name for name in ("entries", "tree") if hasattr(node, name)), None)
        return UNSET if inner is None else _below(getattr(node, inner), key)
    if isinstance(node, dict):
        return node.get(key, UNSET)
    if isinstance(node, list | tuple) and key.isascii() and key.isdigit() and int(key) < len(node):
        return node[int(key)]
    return UNSET
