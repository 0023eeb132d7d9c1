"""What today's metadata adds to each table, and where it says otherwise than a row.

A renewal asks the index and yields changes; it writes nothing. Rows whose source is no metadata
are left to people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from packaging.version import Version

from envsnap.knowledge.tables import table
from tools.knowledge.index import Index, Metadata
from tools.knowledge.rows import Row

METADATA = "W1"  # the source, in built_against, that stands for wheels' metadata
EXACT = re.compile(r"==\s*(\d[\w.]*?)(\.\*)?")
PIN = re.compile(r"==\s*(\d[\w.]*)")
# Distributions of torch_family that state their torch themselves, and that table's source of them.
COMPANIONS = {"torchvision": "T1", "xformers": "L1", "vllm": "L1"}
CUDA_WHEELS = (
    "nvidia-cuda-runtime-cu11",
    "nvidia-cuda-runtime-cu12",
    "nvidia-cuda-runtime",
    "cuda-toolkit",
)


class Change(Struct, frozen=True, kw_only=True):
    """One row to add behind `anchor`, or to put in its place; `row` None: the index says nothing.

    `asked` names the release that was asked about.
    """

    table: str
    anchor: Row
    row: Row | None
    is_new: bool = True
    asked: str = ""

    def told(self) -> str:
        """A line for the reader."""
        sign = "+" if self.is_new else "~"
        if self.row is None:
            return f"? {self.table}: no metadata for {self.asked}"
        was = "" if self.is_new else f"  (was {self.anchor})"
        return f"{sign} {self.table}: {self.row}{was}"


class Scope(Struct, frozen=True, kw_only=True):
    """What to ask: of these packages (all, where none is named), how many releases, and old ones too."""

    packages: tuple[str, ...] = ()
    most: int = 8
    verify: bool = False

    def has(self, name: str) -> bool:
        """Whether a package is asked about."""
        return not self.packages or name in self.packages


def built_against(index: Index, scope: Scope) -> Iterator[Change]:
    """Requirements of releases that no row names, and of those whose row says other ranges."""
    for name, rows in table("built_against")["rows"].items():
        mine = [
            row
            for row in rows
            if METADATA in row["source"].split(",") and row.get("needs") and _release(row)
        ]
        if not (mine and scope.has(name)):
            continue
        there = index.versions(name)
        if scope.verify:
            yield from _verified(index, name, mine[-scope.most :], there)
        newest = mine[-1]
        # Rows of other sources say something else of a release than what it requires.
        for release in chosen(there, [_release(row) for row in mine], scope.most):
            found = index.metadata(name, str(release))
            rows_of_it = list(_of_requirements(found, mine)) if found else [None]
            for row in rows_of_it:
                yield Change(
                    table="built_against", anchor=newest, row=row, asked=f"{name} {release}"
                )
                newest = row or newest


def _verified(
    index: Index, name: str, rows: Sequence[Row], there: Sequence[Version]
) -> Iterator[Change]:
    for row in rows:
        release = _release(row)
        found = index.metadata(name, str(release)) if release in there else None
        if found is None:
            yield Change(table="built_against", anchor=row, row=None, asked=f"{name} {release}")
            continue
        needs = {item: found.requires.get(item, "") for item in row["needs"]}
        told = {item: wanted for item, wanted in needs.items() if wanted}
        if not all(same(row["needs"][item], wanted) for item, wanted in needs.items()):
            yield Change(
                table="built_against", anchor=row, row={**row, "needs": told}, is_new=False
            )


def same(one: str, other: str) -> bool:
    """Whether two ranges are spelled of the same clauses."""
    return {clause.replace(" ", "") for clause in one.split(",")} == {
        clause.replace(" ", "") for clause in other.split(",")
    }


def _of_requirements(found: Metadata, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows of one release: what it needs of the neighbours that the rows before it name.

    What happens otherwise is what the last row of a neighbour says; of each there is one row.
    """
    last = {item: row for row in rows for item in row["needs"]}
    groups: dict[str, list[str]] = {}
    for item, row in last.items():
        if found.requires.get(item):
            groups.setdefault(row["how"], []).append(item)
    for how, items in groups.items():
        needs = {item: found.requires[item] for item in items}
        symptom = last[items[-1]].get("symptom")
        told = {"symptom": symptom} if symptom else {}
        yield {
            "versions": f"=={found.version}", "needs": needs, "how": how, **told,
            "source": METADATA, "basis": "primary",
        }  # fmt: skip


def torch_family(index: Index, scope: Scope) -> Iterator[Change]:
    """The torch that a companion's wheel pins. Triton is left to people: one may serve two torches."""
    rows = table("torch_family")["rows"]
    for name, source in COMPANIONS.items():
        mine = [row for row in rows if row["distribution"] == name and row["source"] == source]
        if not (mine and scope.has(name)):
            continue
        newest = max(mine, key=lambda row: Version(row["release"]))
        known = [Version(row["release"]) for row in mine]
        for release in chosen(index.versions(name), known, scope.most):
            found = index.metadata(name, str(release))
            torch = pinned(found.requires.get("torch")) if found else None
            if torch:
                row = {
                    "distribution": name, "release": str(release), "torch": torch,
                    "source": source, "basis": "primary",
                }  # fmt: skip
                yield Change(table="torch_family", anchor=newest, row=row)
                newest = row


def torch_wheels(index: Index, scope: Scope) -> Iterator[Change]:
    """The CUDA, cuDNN and NCCL that the index's own build of torch requires."""
    rows = [row for row in table("torch_wheels")["rows"] if row["label"] is None]
    if not scope.has("torch"):
        return
    newest = max(rows, key=lambda row: Version(row["torch"]))
    for release in chosen(
        index.versions("torch"), [Version(row["torch"]) for row in rows], scope.most, every=True
    ):
        found = index.metadata("torch", str(release))
        cuda = next(
            (pin for wheel in CUDA_WHEELS if found and (pin := pinned(found.requires.get(wheel)))),
            None,
        )
        if found is None or cuda is None:
            continue
        row = {
            "torch": found.version, "label": None, "cuda": ".".join(cuda.split(".")[:2]),
            "cudnn": _first_pin(found, "nvidia-cudnn-"), "nccl": _first_pin(found, "nvidia-nccl-"),
            "source": "T1", "basis": "measured",
        }  # fmt: skip
        yield Change(table="torch_wheels", anchor=newest, row=row)
        newest = row


def _first_pin(found: Metadata, start: str) -> str | None:
    return next(
        (
            pin
            for name, wanted in sorted(found.requires.items())
            if name.startswith(start) and (pin := pinned(wanted))
        ),
        None,
    )


def pinned(wanted: str | None) -> str | None:
    """The release of an exact requirement; None for a range."""
    match = PIN.fullmatch((wanted or "").strip())
    return match[1] if match else None


def chosen(
    there: Sequence[Version], known: Iterable[Version | None], most: int, *, every: bool = False
) -> list[Version]:
    """Releases that no row names, oldest first: the newest of each minor release, or every one.

    Nothing older than the oldest row is asked about; of many, the newest.
    """
    stated = [item for item in known if item is not None]
    floor = min(stated, default=None)
    minors = {item.release[:2] for item in stated}
    newest: dict[Any, Version] = {}
    for item in there:
        if item in stated or (floor is not None and item < floor):
            continue
        if every or item.release[:2] not in minors or item > max(stated):
            newest[item if every else item.release[:2]] = item
    return sorted(newest.values())[-most:]


def _release(row: Row) -> Version | None:
    match = EXACT.fullmatch(row["versions"])
    return Version(match[1]) if match else None


RENEWALS = {
    "built_against": built_against,
    "torch_family": torch_family,
    "torch_wheels": torch_wheels,
}
