"""Whether what marks stand for is an answer that moved: identities and times that a script repeats.

A mark hides what differs from run to run. What two runs have in common did not come from a clock or
from chance, so that a change in it is one of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envsnap.replay.esr.endings import Printed
from envsnap.replay.recorder import texts

REPEATED = 3  # times that agree to the last of four digits, before one that differs is an answer
# Addresses are none: where the system does not scatter them, another object has the same.
NAMES = {"uuid": "identity", "path": "path", "time": "time"}
NUMBER = re.compile(texts.NUMBER)


def told(golden: Printed, other: Printed) -> str:
    """What moved, and in which line; empty where nothing did, or nobody can know."""
    if (number := _durations(golden, other)) is not None:
        return f"line {number + 1} has another duration, and nothing in the program asks a clock"
    pairs = list(_pairs(golden, other))
    for kind, name in NAMES.items():
        mine = [(number, one, two) for number, of, one, two in pairs if of == kind]
        number = _times(mine, golden.lines) if kind == "time" else _identities(mine)
        if number is not None:
            return f"line {number + 1} has another {name}, of those that both runs have"
    return ""


def _durations(golden: Printed, other: Printed) -> int | None:
    """The first line whose durations are others, where both programs ask no clock."""
    sides = (golden.lines, other.lines, golden.took, other.took)
    if len({len(side) for side in sides}) != 1 or golden.varies:
        return None
    for number, (line, same, one, two) in enumerate(zip(*sides, strict=True)):
        if one != two and texts.alike(line, same):
            return number
    return None


def _pairs(golden: Printed, other: Printed) -> Iterator[tuple[int, str, str, str]]:
    """Line, kind, and the digests of what two marks stand for, where lines are otherwise equal."""
    sides = (golden.lines, other.lines, golden.masked, other.masked)
    if len({len(side) for side in sides}) != 1 or golden.varies:
        return
    for number, (line, same, one, two) in enumerate(zip(*sides, strict=True)):
        here, there = one.split(), two.split()
        if not here or len(here) != len(there) or not texts.alike(line, same):
            continue
        for a, b in zip(here, there, strict=True):
            (kind, _, first), (twin, _, second) = a.partition(":"), b.partition(":")
            if kind == twin and "-" not in (first, second):
                yield number, kind, first, second


def _identities(pairs: list[tuple[int, str, str]]) -> int | None:
    """The first line whose identity is another one of the same; or two that became one."""
    here, there = {one for _, one, _ in pairs}, {two for _, _, two in pairs}
    becomes: dict[str, str] = {}
    was: dict[str, str] = {}
    for number, one, two in pairs:
        if one != two and (one in there or two in here):
            return number
        if becomes.setdefault(one, two) != two or was.setdefault(two, one) != one:
            return number
    return None


def _times(pairs: list[tuple[int, str, str]], lines: Sequence[str]) -> int | None:
    """The first line with another time, where most are equal in lines like it: no clock does that."""
    alike: dict[str, list[tuple[int, bool]]] = {}
    for number, one, two in pairs:
        alike.setdefault(NUMBER.sub("0", lines[number]), []).append((number, one == two))
    for group in alike.values():
        equal = [is_equal for _, is_equal in group].count(True)
        others = [number for number, is_equal in group if not is_equal]
        if others and equal >= max(REPEATED, len(others)):
            return others[0]
    return None
