"""What releases changed, and between which of them nothing was measured to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from envsnap.knowledge import tables
from envsnap.knowledge.tables import is_trusted, table

LONGEST = 200
# What a remedy begins with; one that begins otherwise names what is to be used.
VERBS = frozenset((
    "add", "allow", "apply", "assign", "build", "call", "cast", "catch", "check", "choose", "clean", "compare",
    "convert", "define", "disable", "do", "download", "drop", "filter", "follow", "format", "give", "import",
    "install", "join", "keep", "leave", "load", "make", "migrate", "move", "name", "pad", "pass", "pin", "port", "prepare",
    "raise", "read", "refit", "register", "remove", "rename", "requantise", "reshape", "resume", "return", "run",
    "save", "see", "select", "set", "sort", "start", "state", "stay", "take", "test", "train", "upgrade", "use",
    "walk", "widen", "wrap", "write",
))  # fmt: skip
SEVERITIES = ("error", "warning", "info")
# What may change results without a word, before what would say so itself.
SILENT = ("numerics", "behavior", "performance")


def remedy(row: dict[str, Any]) -> str:
    """What a row says to do, beginning with a verb in small letters."""
    found = re.match(r"([a-z]{2,20})(?=[\s,;]|\Z)", row["fix"])
    return row["fix"] if found is not None and found[1] in VERBS else f"use {row['fix']}"


def between(distribution: str, reference: object, other: object) -> list[dict[str, Any]]:
    """The rows of which one version has the change and the other has not: gravest and surest first.

    A change that one release brought and a later one took back counts where one side has it.
    """
    known = list(_rows(distribution))
    older, newer = _ordered(reference, other) if known else (None, None)
    if older is None or newer is None:
        return []
    rows = [
        row for row in known
        if _has(row, older) != _has(row, newer) and _is_of(row, reference, other)
    ]  # fmt: skip
    return sorted(
        rows,
        key=lambda row: (
            SEVERITIES.index(row["severity"]),
            not is_trusted(row["basis"]),
            row["effect"] not in SILENT,
        ),
    )


def defects(distribution: str, installed: str) -> list[dict[str, Any]]:
    """The grave defects that an installed release has and a later one mended; trusted rows alone."""
    rows = [
        row
        for row in _rows(distribution)
        if "to" in row
        and row["severity"] == "error"
        and is_trusted(row["basis"])
        and has(row, installed)
    ]
    return sorted(rows, key=lambda row: row["effect"] not in SILENT)


def same(distribution: str, reference: object, other: object) -> dict[str, Any] | None:
    """The row of a range in which no difference was measured, if both versions lie in it."""
    known = [
        row for row in table("behavior_changes")["stable"] if row["distribution"] == distribution
    ]
    older, newer = _ordered(reference, other) if known else (None, None)
    if older is None or newer is None:
        return None
    for row in known:
        if version(row["from"]) <= older:
            found: dict[str, Any] = row
            if newer <= version(row["to"]):
                return found
    return None


def are_sure(rows: list[dict[str, Any]]) -> bool:
    """Whether a row is grave enough, and known well enough, to be a likely cause in any program.

    A name that is gone ends a program that uses it, and says so: only a text makes that likely.
    """
    return any(
        row["severity"] == "error" and is_trusted(row["basis"]) and row["effect"] in SILENT
        for row in rows
    )


def is_silent(row: dict[str, Any]) -> bool:
    """Whether a row changes results or behaviour, and no error says so."""
    return row["severity"] != "info" and row["effect"] in SILENT


def told(row: dict[str, Any], other: object = None) -> str:
    """What a row says, marked where it is not verified; of `other` that has it not, that it lacks it."""
    what = str(row["what"])
    if is_undone(row, other):
        what = f"without what {row['from']} changed ({what})"
    return what + ("" if is_trusted(row["basis"]) else " (unverified)")


def since(row: dict[str, Any], other: object) -> str:
    """What a row says, with the release that brought it."""
    return told(row, other) if is_undone(row, other) else f"since {row['from']}: {told(row, other)}"


def is_undone(row: dict[str, Any], other: object) -> bool:
    """Whether this version has not, or no more, what a row says."""
    found = version(other)
    return found is not None and not _has(row, found)


def source(row: dict[str, Any]) -> str:
    """Where a row is written down; each of the two tables has sources of its own."""
    measured = any(known is row for known in table("behavior_changes")["rows"])
    return tables.source("behavior_changes" if measured else "release_changes", row["source"])


def has(row: dict[str, Any], installed: str) -> bool:
    """Whether an installed release has what a row says; a version that is none has nothing."""
    found = version(installed)
    return found is not None and _has(row, found) and _is_of(row, installed)


def of_interface(name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The distributions, with rows, whose releases changed an interface of this name."""
    return _interfaces().get(name, ())


def version(value: object) -> Any:
    """A version without its local label; None for what is none."""
    return _version(value) if isinstance(value, str) and len(value) <= LONGEST else None


@cache
def _version(value: str) -> Any:
    from packaging.version import Version

    try:
        found = Version(value)
    except ValueError:
        return None
    return Version(found.public) if found.local else found


def _rows(distribution: str) -> Iterator[dict[str, Any]]:
    """The rows of a distribution: those with measured sizes first."""
    for row in table("behavior_changes")["rows"]:
        if row["distribution"] == distribution:
            yield row
    yield from table("release_changes")["rows"].get(distribution, ())


def _is_of(row: dict[str, Any], *versions: object) -> bool:
    """Whether one of these may be of the builds that a row is about: of a CPU's none is CUDA's."""
    labels = [str(item).partition("+")[2] for item in versions]
    return "of" not in row or any(not label or label.startswith(row["of"]) for label in labels)


def _has(row: dict[str, Any], found: Any) -> bool:
    """Whether a release has what a row says."""
    return bool(version(row["from"]) <= found and ("to" not in row or found < version(row["to"])))


@cache
def _interfaces() -> dict[str, tuple[tuple[str, dict[str, Any]], ...]]:
    found: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {}
    for distribution, rows in table("release_changes")["rows"].items():
        for row in rows:
            for name in row.get("names", ()):
                found[name] = (*found.get(name, ()), (distribution, row))
    return found


def _ordered(reference: object, other: object) -> tuple[Any, Any]:
    found = [version(item) for item in (reference, other)]
    return (None, None) if None in found else (min(found), max(found))
