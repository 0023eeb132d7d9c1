"""Releases that are known to have changed results, and ranges that were measured to be the same."""

from __future__ import annotations

from typing import Any

from envsnap.knowledge.tables import is_trusted, table
from envsnap.rules.finding import Severity


def between(distribution: str, reference: object, other: object) -> list[dict[str, Any]]:
    """The rows that lie between two versions of a distribution, the gravest and surest first."""
    older, newer = _ordered(reference, other)
    if older is None or newer is None:
        return []
    rows = [
        row
        for row in table("behavior_changes")["rows"]
        if row["distribution"] == distribution and older < version(row["from"]) <= newer
    ]
    return sorted(
        rows, key=lambda row: (Severity(row["severity"]).rank, not is_trusted(row["basis"]))
    )


def same(distribution: str, reference: object, other: object) -> dict[str, Any] | None:
    """The row of a range in which no difference was measured, if both versions lie in it."""
    older, newer = _ordered(reference, other)
    if older is None or newer is None:
        return None
    for row in table("behavior_changes")["stable"]:
        if row["distribution"] == distribution and version(row["from"]) <= older:
            found: dict[str, Any] = row
            if newer <= version(row["to"]):
                return found
    return None


def are_sure(rows: list[dict[str, Any]]) -> bool:
    """Whether one of the rows is known well enough, and grave enough, to be a likely cause."""
    return any(row["severity"] != "info" and is_trusted(row["basis"]) for row in rows)


def told(row: dict[str, Any]) -> str:
    """What a row says, marked where it is not verified."""
    return str(row["what"]) + ("" if is_trusted(row["basis"]) else " (unverified)")


def version(value: object) -> Any:
    """A version without its local label; None for what is none."""
    from packaging.version import InvalidVersion, Version

    try:
        found = Version(value) if isinstance(value, str) and len(value) <= 200 else None
    except InvalidVersion:
        return None
    return found and Version(found.public)


def _ordered(reference: object, other: object) -> tuple[Any, Any]:
    found = [version(item) for item in (reference, other)]
    return (None, None) if None in found else (min(found), max(found))
