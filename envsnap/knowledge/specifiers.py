"""Whether a version lies in a range, by the clauses that ranges are made of (PEP 440).

`packaging.specifiers` costs more to import than a comparison of two manifests takes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

LONGEST = 200
CLAUSE = re.compile(r"(==|!=|<=|>=|<|>|~=)\s*([0-9][0-9A-Za-z.!+-]{0,60}?)(\.\*)?")
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


def contains(wanted: str, have: str) -> bool | None:
    """Tell whether a version lies in a range; None where one of the two cannot be read.

    Of a version the local label counts only where the clause has one. A pre-release of the end of
    a range lies outside of it.
    """
    from packaging.version import InvalidVersion, Version

    if len(wanted) > LONGEST or len(have) > LONGEST:
        return None
    try:
        there = Version(have)
        found = [_meets(clause.strip(), there) for clause in wanted.split(",")]
    except InvalidVersion:
        return None
    return None if None in found else all(found)


def _meets(clause: str, there: Any) -> bool | None:
    from packaging.version import Version

    match = CLAUSE.fullmatch(clause)
    if match is None:
        return None
    sign, asked, any_below = match[1], Version(match[2]), bool(match[3])
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


def _starts(mine: Any, asked: Any) -> bool:
    """Whether a release begins as asked; what it does not state is 0."""
    places = len(asked.release)
    padded = (*mine.release, *(0,) * places)[:places]
    return bool(mine.epoch == asked.epoch and padded == asked.release)
