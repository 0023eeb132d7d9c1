"""Free-form config trees, compared by deepdiff.

Equal numbers are equal however they are written (1, 1.0, "1.0"), but `012`, `no` and `22:22`
are text: YAML's guesses about them are not made here.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from envsnap.model.paths import Path

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,300})(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")

Leaf = tuple[Path, Any, Any]


def compare(reference: Any, other: Any) -> list[Leaf]:
    """Return (path, left, right) of every leaf that differs; UNSET stands for a missing side."""
    from deepdiff import DeepDiff

    found: list[Leaf] = []
    # Without this threshold it reports two dictionaries that share few keys as one change.
    difference = DeepDiff(
        _normal(reference), _normal(other), view="tree", verbose_level=2, threshold_to_diff_deeper=0
    )
    for changes in difference.values():
        for change in changes:
            path = tuple(str(key) for key in change.path(output_format="list"))
            found.extend(_leaves(path, _at(reference, path), _at(other, path)))
    return sorted(_unique(found), key=lambda leaf: leaf[0])


def _unique(found: list[Leaf]) -> list[Leaf]:
    """Drop repetitions: deepdiff tells some changes twice."""
    unique: dict[Path, Leaf] = {}
    for leaf in found:
        unique.setdefault(leaf[0], leaf)
    return list(unique.values())


def _leaves(path: Path, reference: Any, other: Any) -> list[Leaf]:
    """Split a removed or added branch into its leaves, so that each key is named."""
    sides = reference if isinstance(reference, dict) and reference else other
    if isinstance(sides, dict) and sides and (reference is UNSET or other is UNSET):
        leaves: list[Leaf] = []
        for key, value in sides.items():
            pair = (UNSET, value) if reference is UNSET else (value, UNSET)
            leaves.extend(_leaves((*path, key), *pair))
        return leaves
    return [(path, reference, other)]


def _at(tree: Any, path: Path) -> Any:
    """The value at a path, or UNSET."""
    for key in path:
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and key.isdigit() and int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return UNSET
    return tree


def _normal(tree: Any) -> Any:
    """Spell scalars in one way: numbers as numbers, truth values as words."""
    if isinstance(tree, dict):
        return {key: _normal(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_normal(value) for value in tree]
    if isinstance(tree, bool):
        return "true" if tree else "false"
    if isinstance(tree, int | float):
        return _number(repr(tree))
    if isinstance(tree, str) and NUMBER.fullmatch(tree):
        return _number(tree)
    return tree


def _number(text: str) -> str:
    from decimal import Decimal

    return f"{Decimal(text).normalize():f}"
