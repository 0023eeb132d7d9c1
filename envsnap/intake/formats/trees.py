"""Values of parsed documents, by the type that a format expects; anything else is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType


def text(tree: Any, *keys: str) -> str | UnsetType:
    """The text at a path; UNSET where there is none, or something else."""
    value = at(tree, *keys)
    return value if isinstance(value, str) and value else UNSET


def texts(tree: Any, *keys: str) -> tuple[str, ...] | UnsetType:
    """The list of texts at a path; UNSET where there is none."""
    value = at(tree, *keys)
    if not isinstance(value, list):
        return UNSET
    return tuple(item for item in value if isinstance(item, str)) or UNSET


def mapping(tree: Any, *keys: str) -> dict[str, Any]:
    """The mapping at a path; empty where there is none."""
    value = at(tree, *keys)
    return value if isinstance(value, dict) else {}


def records(tree: Any, *keys: str) -> Iterator[dict[str, Any]]:
    """The mappings of the list at a path."""
    value = at(tree, *keys)
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def at(tree: Any, *keys: str) -> Any:
    """The value at a path of keys; None where there is none."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def whole(value: object) -> int | UnsetType:
    """A whole number, also as text; UNSET for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value.strip())
    return UNSET
