"""Free-form config trees, compared by what their parts are, never by position.

Lists are compared by identity: entries by their `name`, `key` or `id`, requirements by the name of
the distribution, variables and options by theirs. Lists of numbers are one value, in their order;
others are compared as multisets. Equal numbers are equal however they are written (1, 1.0, "1.0"),
but `012`, `no` and `22:22` are text: YAML's guesses about them are not made here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from envsnap.model.paths import Path

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,300})(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")
IDENTITIES = ("name", "key", "id", "mountPath", "containerPort", "containerName")
# `NAME=value`, `--option=value`, and what a requirement or a specification of conda begins with.
ASSIGNED = re.compile(r"(-{0,2}[A-Za-z_][\w.-]{0,100})=(?!=)(.*)", re.DOTALL)
REQUIRED = re.compile(
    r"([A-Za-z0-9_](?:[\w.-]{0,100}[A-Za-z0-9])?)\s*(?:\[[^\]]{0,200}\]\s*)?(?:[<>=!~;@]|$)"
)

Leaf = tuple[Path, Any, Any]


def compare(reference: Any, other: Any) -> list[Leaf]:
    """Return (path, reference, other) of every leaf that differs; UNSET stands for a missing side."""
    return sorted(_differing((), reference, other), key=lambda leaf: leaf[0])


def _differing(path: Path, reference: Any, other: Any) -> Iterator[Leaf]:
    if isinstance(reference, dict) and isinstance(other, dict):
        yield from _mappings(path, reference, other)
    elif isinstance(reference, list) and isinstance(other, list):
        yield from _lists(path, reference, other)
    elif reference is UNSET or other is UNSET:
        yield from _leaves(path, reference, other)
    elif _plain(reference) != _plain(other):
        yield path, reference, other


def _mappings(path: Path, reference: dict[str, Any], other: dict[str, Any]) -> Iterator[Leaf]:
    for key in {**reference, **other}:
        mine, theirs = reference.get(key, UNSET), other.get(key, UNSET)
        yield from _differing((*path, str(key)), mine, theirs)


def _lists(path: Path, reference: list[Any], other: list[Any]) -> Iterator[Leaf]:
    if _plain(reference) == _plain(other):
        return
    keyed = _keyed(reference), _keyed(other)
    if keyed[0] is not None and keyed[1] is not None and _is_told_apart(reference, other):
        yield from _mappings(path, keyed[0], keyed[1])
    elif _are_numbers(reference) and _are_numbers(other):
        yield path, reference, other
    else:
        yield from _multisets(path, reference, other)


def _is_told_apart(reference: list[Any], other: list[Any]) -> bool:
    """Whether the items have names of their own; plain words are a set of words."""
    items = [*reference, *other]
    return any(isinstance(item, dict) for item in items) or any(
        isinstance(item, str) and (ASSIGNED.fullmatch(item) or re.search(r"[<>=!~@]", item))
        for item in items
    )


def _keyed(items: list[Any]) -> dict[str, Any] | None:
    """The items by their identity; None where one has none, or two share one."""
    shared = next((key for key in IDENTITIES if _all_have(items, key)), None)
    found: dict[str, Any] = {}
    for item in items:
        key, value = _identity(item, shared)
        if key is None or key in found:
            return None
        found[key] = value
    return found


def _all_have(items: list[Any], key: str) -> bool:
    mappings = [item for item in items if isinstance(item, dict)]
    return bool(mappings) and all(isinstance(item.get(key), str | int) for item in mappings)


def _identity(item: Any, shared: str | None) -> tuple[str | None, Any]:
    if isinstance(item, dict):
        if shared is not None:
            return str(item[shared]), item
        if len(item) == 1:
            return next((str(key), value) for key, value in item.items())
        return None, item
    if not isinstance(item, str):
        return None, item
    assigned = ASSIGNED.fullmatch(item)
    if assigned is not None and not re.match(r"[^=]*[<>!~]", item):
        return assigned[1], item if _is_specification(item) else assigned[2]
    required = REQUIRED.match(item)
    return (
        (re.sub(r"[-_.]+", "-", required[1]).lower(), item)
        if required is not None
        else (None, item)
    )


def _is_specification(item: str) -> bool:
    """Whether a text is conda's `name=version=build`: then all of it is the value."""
    return re.fullmatch(r"[a-z0-9_][\w.-]*=\d[\w.*!+]*(?:=\S+)?", item) is not None


def _are_numbers(items: list[Any]) -> bool:
    return all(
        isinstance(item, int | float) or (isinstance(item, str) and NUMBER.fullmatch(item))
        for item in items
    )


def _multisets(path: Path, reference: list[Any], other: list[Any]) -> Iterator[Leaf]:
    """What only one list has; as many on both sides are pairs, in their order."""
    common = Counter(map(_spelled, reference)) & Counter(map(_spelled, other))
    mine, theirs = _rest(reference, Counter(common)), _rest(other, Counter(common))
    if len(mine) == len(theirs):
        for (place, one), (_, two) in zip(mine, theirs, strict=True):
            yield from _differing((*path, str(place)), one, two)
        return
    for place, item in mine:
        yield from _leaves((*path, _called(item, place)), item, UNSET)
    for place, item in theirs:
        yield from _leaves((*path, _called(item, place)), UNSET, item)


def _rest(items: list[Any], common: Counter[str]) -> list[tuple[int, Any]]:
    found = []
    for place, item in enumerate(items):
        spelled = _spelled(item)
        if common[spelled] > 0:
            common[spelled] -= 1
        else:
            found.append((place, item))
    return found


def _called(item: Any, place: int) -> str:
    """A word by itself; anything else by its place."""
    return item if isinstance(item, str) and 0 < len(item) <= 100 else str(place)


def _spelled(item: Any) -> str:
    return repr(_plain(item))


def _leaves(path: Path, reference: Any, other: Any) -> Iterator[Leaf]:
    """Split a removed or added branch into its leaves, so that each key is named."""
    there = other if reference is UNSET else reference
    if isinstance(there, dict) and there:
        for key, value in there.items():
            pair = (UNSET, value) if reference is UNSET else (value, UNSET)
            yield from _leaves((*path, str(key)), *pair)
    else:
        yield path, reference, other


def _plain(tree: Any) -> Any:
    """Spell scalars in one way: numbers as numbers, truth values as words; the order of keys is none."""
    if isinstance(tree, dict):
        return sorted((str(key), _plain(value)) for key, value in tree.items())
    if isinstance(tree, list):
        return [_plain(value) for value in tree]
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
