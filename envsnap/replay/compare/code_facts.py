"""Which lines of code that differ are told, and in which order."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from envsnap.replay.compare import code_lines
from envsnap.replay.compare.fact import Fact

MOST_OF_ONE = 3  # places of one file


def told(
    lines: tuple[Fact, ...], after: str, before: str, *, of_model: bool | None
) -> tuple[Fact, ...]:
    """Lines that differ between two places of the script, or in other files.

    Of each other file the first one stands before the further ones of any. `of_model` puts those of
    models' classes first, or last; None leaves them where they are.
    """
    found = _between(lines, after, before)
    if of_model is not None:
        found = tuple(
            sorted(found, key=lambda fact: (fact.minor, bool(fact.model) is not of_model))
        )
    return joined(found)


def _between(lines: tuple[Fact, ...], after: str, before: str) -> tuple[Fact, ...]:
    if not any(code_lines.within(fact.place, after, before) for fact in lines):
        return lines
    bounds = {_file_of(place) for place in (after, before) if place}
    first: list[Fact] = []
    further: list[Fact] = []
    met: set[str] = set()
    for fact in lines:
        name = _file_of(fact.place)
        if name not in bounds:
            (further if name in met else first).append(fact)
            met.add(name)
        elif code_lines.within(fact.place, after, before):
            first.append(fact)
    return (*first, *further)


def _file_of(place: str) -> str:
    """The file of a place in it, `file.py:12-14`."""
    return place.rpartition(":")[0]


def joined(lines: Iterable[Fact]) -> tuple[Fact, ...]:
    """One fact for the places of a file: among edits that change nothing the first is seldom the one."""
    found: dict[tuple[str, bool], list[Fact]] = {}
    for fact in lines:
        found.setdefault((_file_of(fact.place), fact.minor), []).append(fact)
    return tuple(_joined(name, facts) for (name, _), facts in found.items())


def _joined(name: str, facts: list[Fact]) -> Fact:
    first, *others = facts
    rest = [fact.text.removeprefix(f"{name} ") for fact in others[: MOST_OF_ONE - 1]]
    return replace(first, text=", ".join((first.text, *rest)))
