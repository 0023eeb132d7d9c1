"""When each table was read, how much it holds, and the newest release that it knows."""

from __future__ import annotations

import os
import re
from typing import Any

from msgspec import Struct

from envsnap.knowledge.releases import version
from envsnap.knowledge.tables import table

# So many rows say that a distribution is followed, and not only mentioned.
FOLLOWED = 8
NUMBER = r"\d{1,9}(?:\.\d{1,9}){1,4}"
ENTRIES = ("rows", "loader", "signals", "errors", "names", "distributions", "stable", "sonames", "symbols", "versions", "suites", "model",
           "numerics", "auxiliary", "runtime", "tooling")  # fmt: skip


class Age(Struct, frozen=True):
    """A table: its name, how many rows it has, its sources and the day on which it was read."""

    name: str
    rows: int
    sources: tuple[str, ...]
    read_on: str


def ages() -> tuple[Age, ...]:
    """Every table, by name."""
    folder = os.path.dirname(__file__)
    names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json"))
    return tuple(_age(name, table(name)) for name in names)


def _age(name: str, found: dict[str, Any]) -> Age:
    rows = sum(_count(found[key]) for key in ENTRIES if key in found)
    known = found.get("sources") or {"": found.get("source", "")}
    told = tuple(str(text) for text in known.values()) if isinstance(known, dict) else (str(known),)
    return Age(name, rows, told, str(found.get("read_on", "")))


def _count(rows: Any) -> int:
    """Rows of a list, or of a map of lists."""
    if isinstance(rows, dict):
        return sum(len(item) if isinstance(item, list) else 1 for item in rows.values())
    return len(rows)


def newer_than_known(distribution: str, installed: str) -> str | None:
    """The newest release that the tables know, where an installed one is of a later minor release.

    Of some distributions the third number counts what others call minor releases.
    """
    newest = table("newest")
    told = newest["rows"].get(distribution)
    if told is None:
        return None
    known, here = version(told), version(installed)
    if known is None or here is None or here.is_prerelease:
        return None
    count = 3 if distribution in newest["by_patch"] else 2
    return str(known) if here.release[:count] > known.release[:count] else None


def read_on() -> str:
    """The day on which the tables of releases were read last."""
    return max(
        str(table(name)["read_on"]) for name in ("built_against", "release_changes", "torch_family")
    )


def computed() -> dict[str, str]:
    """The newest release of each distribution that the tables follow: the rows of `newest`.

    Where the notes of a release were not read, though another table names it, the last one whose
    notes were read counts. They are kept as a table of their own, since reading all the others would
    cost more than a comparison takes; a test holds it in step.
    """
    found: dict[str, list[Any]] = {}
    for row in table("torch_family")["rows"]:
        found.setdefault(row["distribution"], []).append(version(row["release"]))
        found.setdefault("torch", []).append(version(row["torch"]))
    for name, rows in table("release_changes")["rows"].items():
        found.setdefault(name, []).extend(version(row["from"]) for row in rows)
    for name, rows in table("built_against")["rows"].items():
        for row in rows:
            stated = [version(text) for text in re.findall(NUMBER, row["versions"])]
            found.setdefault(name, []).extend(item for item in stated if item is not None)
    newest = {
        name: str(max(item for item in releases if item is not None))
        for name, releases in found.items()
        if len(releases) >= FOLLOWED
    }
    return dict(sorted({**newest, **table("release_changes")["read_to"]}.items()))
