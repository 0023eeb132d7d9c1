"""How far apart two versions are; nothing here raises on a version that is none."""

from __future__ import annotations

from enum import StrEnum

LONGEST_PART = 9
FIRST_YEAR = 1990


class Distance(StrEnum):
    """The first place where two versions differ."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    BUILD = "build"  # the same release: another local label, post or pre release, spelling
    OTHER = "other"  # at least one is not a version


def distance(reference: object, other: object) -> Distance:
    """Compare two versions; local labels such as +cu124 count as builds."""
    from packaging.version import InvalidVersion, Version

    if (
        not isinstance(reference, str)
        or not isinstance(other, str)
        or max(len(reference), len(other)) > 200
    ):
        return Distance.OTHER
    try:
        mine, theirs = Version(reference), Version(other)
    except InvalidVersion:
        return Distance.OTHER
    if mine.epoch != theirs.epoch or mine.major != theirs.major:
        years = mine.major >= FIRST_YEAR and theirs.major >= FIRST_YEAR  # 2024.6: a calendar
        return Distance.MINOR if years else Distance.MAJOR
    if mine.minor != theirs.minor:
        return Distance.MINOR
    return Distance.PATCH if _release(mine.release) != _release(theirs.release) else Distance.BUILD


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
