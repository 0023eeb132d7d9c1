"""Which of a configuration's sections a run takes, where the command names one: `--profile truck`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from envsnap.model.paths import Path
from envsnap.replay.esr.recording import Record
from envsnap.replay.recorder.inside.settings import digest


def given(golden: Record, other: Record) -> frozenset[str]:
    """The words that both commands were given, as options or variables: as recordings hold them."""
    return _words(golden) & _words(other)


def _words(record: Record) -> frozenset[str]:
    values = (*(record.options or {}).values(), *(record.variables or {}).values())
    return frozenset(value for value in values if isinstance(value, str) and value[:1] == "#")


def is_left(tree: Any, path: Path, words: Collection[str]) -> bool:
    """Whether a key lies in a section beside the one that was named, and that one does not name it.

    As `car.eye` does where the command, or a key of the file, says `truck`, and the file has a
    section for each, with mostly the same keys.
    """
    words = {*words, *(digest(item) for item in _values(tree) if isinstance(item, str))}
    for name in path:
        if not isinstance(tree, dict):
            return False
        own = tree.get(name)
        named = [key for key in tree if digest(str(key)) in words and _are_alike(tree[key], own)]
        if named and name not in named:
            return not any(name in _texts(tree[key]) for key in named)
        tree = own
    return False


def _values(tree: Any) -> Collection[Any]:
    return tree.values() if isinstance(tree, dict) else ()


def _are_alike(one: Any, two: Any) -> bool:
    """Whether two sections have mostly the same keys."""
    if not (isinstance(one, dict) and isinstance(two, dict)):
        return False
    return 2 * len(one.keys() & two.keys()) > len(one.keys() | two.keys())


def _texts(tree: Any) -> Iterator[str]:
    """All texts in a section: one may say that it extends another."""
    if isinstance(tree, (dict, list)):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from _texts(item)
    elif isinstance(tree, str):
        yield tree
