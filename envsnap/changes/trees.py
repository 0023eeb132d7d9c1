"""Free-form config trees, compared by what their parts are, never by position.

Lists are compared by identity: entries by their `name`, `key` or `id`, requirements by the name of
the distribution, variables and options by theirs. Lists of numbers are one value, in their order;
others are compared as multisets first. Words, and steps of one key each, that are the same in another
order are told as one value, unless their key names a set. Equal numbers are equal however they are written (1, 1.0, "1.0"),
but `012`, `no` and `22:22` are text: YAML's guesses about them are not made here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from envsnap.model import list_items
from envsnap.model.paths import Path

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,300})(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")
# Keys of lists whose order says nothing: what is asked for, let in or kept out, what describes a
# project, adapters and layers that are picked by name, and lists of Kubernetes and Compose.
SET = re.compile(
    r"(?:^|[_-])(?:dependencies|requires|requirements|packages|extras|keywords|classifiers|tags|topics|authors"
    r"|maintainers|languages|includes?|excludes?|ignored?|ignores|select|omit|skips?|allow(?:ed|list)?|deny|denied"
    r"|denylist|whitelist|blacklist|blocklist|supported|architectures|depends[_-]on|cap[_-](?:add|drop))(?:$|[_-])"
    r"|^(?:target_modules|modules_to_save|modules_to_not_convert|report_to|add|drop|verbs|apiGroups|resources|accessModes"
    r"|finalizers|ports|expose|volumes|networks|secrets|security_opt|branches)$|no_split_modules|skip_modules|keep_in_fp32",
    re.IGNORECASE,
)
# Spellings of YAML's that mean one thing, and that nobody writes for a text.
WORDS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "~": "null", "Null": "null", "NULL": "null"}  # fmt: skip
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
    named = all(list_items.are_named(items) for items in (reference, other) if items)
    mine, theirs = list_items.keyed(reference), list_items.keyed(other)
    if named and mine is not None and theirs is not None:
        yield from _mappings(path, mine, theirs)
        if (
            all(map(_is_step, (*reference, *other)))
            and mine.keys() == theirs.keys()
            and list(mine) != list(theirs)
        ):
            yield from _in_other_order(path, reference, other)
    elif _are_numbers(reference) and _are_numbers(other):
        yield path, reference, other
    else:
        yield from _multisets(path, reference, other)


def _are_numbers(items: list[Any]) -> bool:
    return all(
        isinstance(item, int | float) or (isinstance(item, str) and NUMBER.fullmatch(item))
        for item in items
    )


def _multisets(path: Path, reference: list[Any], other: list[Any]) -> Iterator[Leaf]:
    """What only one list has: words by themselves, what stands in one place as a pair."""
    common = Counter(map(_spelled, reference)) & Counter(map(_spelled, other))
    mine, theirs = _rest(reference, Counter(common)), _rest(other, Counter(common))
    if not (mine or theirs):
        if not any(isinstance(item, dict | list) for item in reference):
            yield from _in_other_order(path, reference, other)
    elif [place for place, _ in mine] == [place for place, _ in theirs]:
        for (place, one), (_, two) in zip(mine, theirs, strict=True):
            yield from _differing((*path, str(place)), one, two)
    elif _are_words(reference) and _are_words(other):
        for _, item in mine:
            yield (*path, item), item, UNSET
        for _, item in theirs:
            yield (*path, item), UNSET, item
    else:
        yield path, reference, other


def _is_step(item: Any) -> bool:
    """Whether an item is one key with what is done then: `- resize: 224`."""
    return (
        isinstance(item, dict) and len(item) == 1 and item.keys().isdisjoint(list_items.IDENTITIES)
    )


def _in_other_order(path: Path, reference: list[Any], other: list[Any]) -> Iterator[Leaf]:
    """The two lists, unless their order is known to say nothing."""
    key = next((key for key in reversed(path) if not key.isdigit()), "")
    if not SET.search(key):
        yield path, reference, other


def _are_words(items: list[Any]) -> bool:
    """Whether each item can be named by itself: a word that comes twice cannot."""
    return all(map(list_items.is_word, items)) and len(set(items)) == len(items)


def _rest(items: list[Any], common: Counter[str]) -> list[tuple[int, Any]]:
    found = []
    for place, item in enumerate(items):
        spelled = _spelled(item)
        if common[spelled] > 0:
            common[spelled] -= 1
        else:
            found.append((place, item))
    return found


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
    if tree is None:
        return "null"  # as YAML spells it, whose scalars are text
    if isinstance(tree, int | float):
        return _number(repr(tree))
    if isinstance(tree, str) and NUMBER.fullmatch(tree):
        return _number(tree)
    return WORDS.get(tree, tree) if isinstance(tree, str) else tree


def _number(text: str) -> str:
    from decimal import Decimal

    return f"{Decimal(text).normalize():f}"
