"""A rollout in a policy: two versions of one fact are allowed until a date, then only the later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from envsnap.errors import InputError
from envsnap.rules.ruling import Window

LONGEST_VERSION = 500


def window(row: Mapping[str, Any], where: str) -> Window:
    """What a table says; raises InputError that begins with `where`."""
    missing = [key for key in ("path", "from", "to", "until") if key not in row]
    if missing:
        raise InputError(f"{where}: has no {missing[0]}; a rollout needs path, from, to and until")
    if row["from"] == row["to"]:
        raise InputError(f"{where}: from and to are the same version")
    return Window(earlier=row["from"], later=row["to"], until=_day(row["until"], where))


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{where}: until must be a date, for example 2026-12-15") from None


def today() -> date:
    """The day that decides, everywhere the same: that of UTC."""
    return datetime.now(UTC).date()


def versions(of: Window, day: date) -> tuple[str, ...]:
    """What is allowed on a day; `until` is the last day on which both are."""
    return (of.earlier, of.later) if day <= of.until else (of.later,)


def told(of: Window, day: date) -> str:
    """What is allowed on a day, in words."""
    if day <= of.until:
        return f"{of.earlier} or {of.later} until {of.until}"
    return f"{of.later} since the rollout ended on {of.until}"


def fits(version: str, wanted: str) -> bool:
    """Whether a fact is this version, or within this specifier of PEP 440, or is this text."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    if version == wanted:
        return True
    if len(version) > LONGEST_VERSION:
        return False
    specifier = wanted if wanted[:1] in "<>=!~" else f"=={wanted}"
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except ValueError:
        return False
