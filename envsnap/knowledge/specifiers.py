"""Whether a version lies in a range, by the clauses that ranges are made of (PEP 440).

`packaging.specifiers` costs more to import than a comparison of two manifests takes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

LONGEST = 200
FINAL = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,9}")
CLAUSE = re.compile(r"(==|!=|<=|>=|<|>|~=)\s*([0-9][0-9A-Za-z.!+-]{0,60}?)(\.\*)?")
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def contains(wanted: str, have: str) -> bool | None:
    """Tell whether a version lies in a range; None where one of the two cannot be read.

    Most are numbers alone, and for these PEP 440's rules are an order of numbers.
    Of a version the local label counts only where the clause has one. A pre-release of the end of
    a range lies outside of it.
    """
    if len(wanted) > LONGEST or len(have) > LONGEST:
        return None
    clauses = [clause.strip() for clause in wanted.split(",") if clause.strip()]
    clear = _of_numbers(clauses, have) if clauses else None
    if clear is not None or not clauses:
        return clear
    from packaging.version import Version

    try:
        there = Version(have)
        found = [_meets(clause, there) for clause in clauses]
    except ValueError:
        return None
    return None if None in found else all(found)


def _meets(clause: str, there: Any) -> bool | None:
    from packaging.version import Version

    match = CLAUSE.fullmatch(clause)
    if match is None:
        return None
    sign, asked, any_below = match[1], Version(match[2]), bool(match[3])
    if not _is_allowed(sign, len(asked.release), any_below=any_below):
        return None
    mine = there if asked.local else Version(there.public)
    if sign in ("==", "!="):
        same = _starts(mine, asked) if any_below else mine == asked
        return same if sign == "==" else not same
    if sign == "~=":
        return bool(mine >= asked) and mine.release[: len(asked.release) - 1] == asked.release[:-1]
    if sign == "<" and mine.is_prerelease and mine.base_version == asked.base_version:
        return False
    if sign == ">" and mine.is_postrelease and mine.base_version == asked.base_version:
        return False
    return bool(ORDER[sign](mine, asked))


def _is_allowed(sign: str, places: int, *, any_below: bool) -> bool:
    """`.*` belongs to `==` and `!=` alone, and `~=` needs a second number."""
    return sign in ("==", "!=") if any_below else sign != "~=" or places > 1


def _of_numbers(clauses: list[str], have: str) -> bool | None:
    """What numbers alone say of final releases; None where more than numbers is in question."""
    if not FINAL.fullmatch(have):
        return None
    known = _numbers(have)
    found = [_holds(clause, known) for clause in clauses]
    return None if None in found else all(found)


def _holds(clause: str, known: list[int]) -> bool | None:
    match = CLAUSE.fullmatch(clause)
    if match is None or not FINAL.fullmatch(match[2]):
        return None
    sign, asked, any_below = match[1], _numbers(match[2]), bool(match[3])
    if not _is_allowed(sign, len(asked), any_below=any_below):
        return None
    length = max(len(known), len(asked))
    mine, bound = (parts + [0] * (length - len(parts)) for parts in (known, asked))
    if sign == "~=":
        return mine >= bound and mine[: len(asked) - 1] == asked[:-1]
    if sign in ("==", "!="):
        same = mine[: len(asked)] == asked if any_below else mine == bound
        return same is (sign == "==")
    return bool(ORDER[sign](mine, bound))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _starts(mine: Any, asked: Any) -> bool:
    """Whether a release begins as asked; what it does not state is 0."""
    places = len(asked.release)
    padded = (*mine.release, *(0,) * places)[:places]
    return bool(mine.epoch == asked.epoch and padded == asked.release)
