"""Plain values by their keys, as recordings hold them: which of them differ, and how that is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from envsnap.replay.esr.recording import Scalar

PATH = "%path"  # what is told of an argument that is one


def changes_of(
    here: Mapping[str, Scalar], there: Mapping[str, Scalar], *, both: bool
) -> Iterator[tuple[str, str]]:
    """Keys whose values differ, with how; with `both` only where both sides have one."""
    for key in [*here, *(key for key in there if key not in here)]:
        if both and not (key in here and key in there):
            continue
        one, two = here.get(key), there.get(key)
        if _may_be_one_path(one, two):
            continue
        if one != two or isinstance(one, bool) != isinstance(two, bool):
            told = f"{_value(one)} -> {_value(two)}"
            yield key, "differs" if told == "(a text) -> (a text)" else told


def _may_be_one_path(one: Scalar, two: Scalar) -> bool:
    """Whether a word is a path in one run, and in the other one where nothing lies there (yet) a text."""
    paths = [value == PATH for value in (one, two)]
    texts = [isinstance(value, str) and value.startswith("#") for value in (one, two)]
    return any(paths) and any(texts)


def _value(value: Scalar) -> str:
    if value is None:
        return "not set"
    if isinstance(value, str) and value.startswith("#"):
        return "(a text)"
    if value == PATH:
        return "(a path)"
    return str(value)[:60]
