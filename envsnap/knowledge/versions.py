"""How far apart two versions are; nothing here raises on a version that is none."""

from __future__ import annotations

import re
from enum import StrEnum

FINAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}")
LONGEST_PART = 9
FIRST_YEAR = 1990
LAST_YEAR = 2200
FAR_YEARS = 3  # a release that is so much older is another one
SHORT_YEARS = range(18, 40)


class Distance(StrEnum):
    """The first place where two versions differ."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    BUILD = "build"  # the same release: another local label, post or pre release, spelling
    OTHER = "other"  # at least one is not a version


def distance(reference: object, other: object) -> Distance:
    """Compare two versions; local labels such as +cu124 count as builds."""
    if (
        not isinstance(reference, str)
        or not isinstance(other, str)
        or max(len(reference), len(other)) > 200
    ):
        return Distance.OTHER
    mine, theirs = _read(reference), _read(other)
    if mine is None or theirs is None:
        return Distance.OTHER
    if mine[:2] != theirs[:2]:
        return _between_dates(mine, theirs) or Distance.MAJOR
    if (*mine[2:3], 0)[0] != (*theirs[2:3], 0)[0]:
        return Distance.MINOR
    return Distance.PATCH if _release(mine[1:]) != _release(theirs[1:]) else Distance.BUILD


def is_later(reference: object, other: object) -> bool:
    """Whether the other release came after the reference's; False where one is no version."""
    mine, theirs = (_read(item) if isinstance(item, str) else None for item in (reference, other))
    return mine is not None and theirs is not None and mine < theirs


def _between_dates(mine: tuple[int, ...], theirs: tuple[int, ...]) -> Distance | None:
    """How far apart the numbers of a calendar are; None where they are none."""
    days = mine[1] // 10_000, theirs[1] // 10_000
    if len(mine) == len(theirs) == 2 and min(days) >= FIRST_YEAR and max(days) < LAST_YEAR:
        return Distance.PATCH if days[0] == days[1] else Distance.MINOR  # 20250706
    if not (_is_date(mine) and _is_date(theirs)):
        return None
    return Distance.MINOR if abs(mine[1] - theirs[1]) < FAR_YEARS else None


def _is_date(parts: tuple[int, ...]) -> bool:
    """2024.6, 24.6: the number of a calendar, whose steps say nothing of what changed."""
    year, month = (*parts[1:3], 0, 0)[:2]
    return year >= FIRST_YEAR or (year in SHORT_YEARS and 1 <= month <= 12)


def _read(version: str) -> tuple[int, ...] | None:
    """The epoch of a version and the numbers of its release; None where it is none.

    Most are numbers alone, and for these packaging, which takes long to import, is not asked.
    """
    if FINAL.fullmatch(version):
        return (0, *map(int, version.split(".")))
    from packaging.version import Version

    try:
        read = Version(version)
    except ValueError:
        return None
    return (read.epoch, *read.release)


def _release(parts: tuple[int, ...]) -> tuple[int, ...]:
    """1.0 and 1.0.0 are one release."""
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts


def numbers(version: str) -> tuple[int, ...]:
    """Split a dotted number (a driver, a toolkit) for comparison, part by part.

    Parts after the first that is not a number are left out: 12.8U1 is (12,).
    """
    parts: list[int] = []
    for part in version.split("."):
        if not (part.isascii() and part.isdigit() and len(part) <= LONGEST_PART):
            break
        parts.append(int(part))
    return tuple(parts)
