"""The typed walk over two manifests.

It follows the model's records, so a new field is compared without a word here. Only portable
and host facts are compared. A fact that one side lacks is removed or added where that side's
section is complete and has no gap for it; otherwise it is unknown.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, to_builtins

from envsnap.changes import left_out
from envsnap.changes.change import Change, ChangeKind, Difference
from envsnap.model import reading
from envsnap.model.fields import COMPARED, Field, Section, plan
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import Path, reason_for, text
from envsnap.model.ranks import stripped
from envsnap.model.reading import (
    LOOKED_FOR_SINCE,
    NAMED_BY_USER,
    NOT_CAPTURED,
    NOT_NAMED,
    NOT_STATED,
    OLDER,
    RUN,
    gaps,
    is_captured,
)

REPORT = "report"
SHORTENED = "not stated: one side tells the beginning of the version only"
MEBIBYTE = 1 << 20
OF_CONDA = "not stated: a list of Python's distributions does not name conda's other packages"
# Versions that reports often cut to their first numbers: 3.6 is no other Python than 3.6.9.
CUT_SHORT = (("python", "version"), ("cuda", "toolkit"), ("frameworks", "torch", "cudnn"))
# Sections that no walk compares: what names a machine, and what has a comparison of its own.
NOT_WALKED = ("identity", "wanted")


def compare(reference: Manifest, other: Manifest) -> Difference:
    """Return what differs between two manifests, in the order of the model."""
    runs = reference.target.kind == other.target.kind == RUN
    walk = _Walk((reference.schema_revision, other.schema_revision), runs=runs)
    walk.reports = reference.target.kind == REPORT, other.target.kind == REPORT
    left_sections, right_sections = present(reference.sections), present(other.sections)
    wants = "wanted" in left_sections or "wanted" in right_sections
    skipped = walk.wanted(reference, other) if wants else NOT_WALKED
    for name in {**left_sections, **right_sections}:
        if name not in skipped:
            walk.section(name, left_sections.get(name), right_sections.get(name))
    return Difference(
        changes=tuple(walk.changes),
        compared=walk.compared,
        not_compared=walk.not_compared,
        by_section=walk.by_section,
    )


class _Walk:
    """Carries the two sections under comparison and what was found so far."""

    def __init__(self, revisions: tuple[int, int], *, runs: bool) -> None:
        self._revisions, self._runs = revisions, runs
        self.reports = (False, False)
        self.changes: list[Change] = []
        self.compared = 0
        self.by_section: dict[str, int] = {}
        self.not_compared: dict[str, str] = {}
        self._sides: tuple[Section, Section]
        self._gaps: tuple[dict[str, str], dict[str, str]]

    def wanted(self, reference: Manifest, other: Manifest) -> tuple[str, ...]:
        """Compare what is wanted; returns the sections that this has compared."""
        # Packaging's markers and ranges cost, and are rarely needed.
        from envsnap.changes import wanted

        found = wanted.compare(reference, other)
        self.changes.extend(found.changes)
        self.compared += found.compared
        self.by_section["wanted"] = found.compared
        if wanted.is_held_against(reference, other):
            return (*NOT_WALKED, "packages")
        for side, opposite in ((reference, other), (other, reference)):
            if is_captured(side, "wanted") and not is_captured(opposite, "wanted"):
                self._add(("wanted",), ChangeKind.UNKNOWN, None, None, NOT_CAPTURED)
        return NOT_WALKED

    def section(self, name: str, reference: Section | None, other: Section | None) -> None:
        """Compare one section."""
        if reference is None or other is None:
            known = reference if reference is not None else other
            if known is not None and any(_has_facts(known, field) for field in plan(type(known))):
                self._add((name,), ChangeKind.UNKNOWN, None, None, NOT_CAPTURED)
            return
        reference, other = (stripped(side, run=self._runs) for side in (reference, other))
        self._sides = reference, other
        self._gaps = gaps(reference), gaps(other)
        before = self.compared
        self._record((name,), reference, other)
        self.by_section[name] = self.compared - before
        self._gaps_of_both(name, reference, other)
        self._left_out(name, reference, other)

    def _left_out(self, name: str, reference: Section, other: Section) -> None:
        """Judge what a side left out: by digests of one key, else unknown, and never silent."""
        told = {change.path for change in self.changes}
        for spelled, inner, equal, reason in left_out.compared(reference.gaps, other.gaps):
            path = (name, *inner)
            if equal is None and not (spelled in reference.gaps and spelled in other.gaps):
                if path not in told:
                    self._add(path, ChangeKind.UNKNOWN, None, None, reason)
                continue
            if equal is not None:
                self.compared += 1
                self.not_compared.pop(text(path), None)
            if equal is False and path not in told:
                sides = left_out.SAME_KEY_DIFFERS, left_out.ANOTHER
                self._add(path, ChangeKind.CHANGED, *sides, None)

    def _gaps_of_both(self, name: str, reference: Section, other: Section) -> None:
        for path, reason in reference.gaps.items():
            if path in other.gaps:
                joint = "" if path.startswith("[") else "."
                self.not_compared[f"{name}{joint}{path}"] = reason

    def _record(self, path: Path, reference: Struct, other: Struct) -> None:
        for field in plan(type(reference)):
            if field.kind not in COMPARED:
                continue
            inner = path if field.is_entries else (*path, field.name)
            values = getattr(reference, field.name), getattr(other, field.name)
            if field.since and self._is_older(field, *values):
                self._add(inner, ChangeKind.UNKNOWN, *values, OLDER)
            else:
                self._field(field, inner, *values)

    def _is_older(self, field: Field, reference: Any, other: Any) -> bool:
        """Tell whether the side that lacks a field was written before there was this field."""
        if (reference is UNSET) is (other is UNSET):
            return False
        return self._revisions[0 if reference is UNSET else 1] < field.since

    def _is_older_entry(self, path: Path, reference: Any, other: Any) -> bool:
        """Tell whether the side that lacks an entry was written before it was looked for."""
        since = LOOKED_FOR_SINCE.get(path)
        if since is None or (reference is UNSET) is (other is UNSET):
            return False
        return self._revisions[0 if reference is UNSET else 1] < since

    def _field(self, field: Field, path: Path, reference: Any, other: Any) -> None:
        if field.name == "tree":
            self._tree(path[:-1], reference, other)
        elif field.is_map:
            self._map(field, path, reference, other)
        elif isinstance(reference, Struct) and isinstance(other, Struct):
            self._record(path, reference, other)
        else:
            self._value(path, reference, other)

    def _map(self, field: Field, path: Path, reference: Any, other: Any) -> None:
        if reference is UNSET and other is UNSET:
            return
        if reference is UNSET or other is UNSET:
            if not field.is_entries and self._why_missing(path, reference) is not None:
                self._value(path, reference, other)  # unknown as a whole
                return
            reference, other = reference or {}, other or {}
        for key in sorted({**reference, **other}):
            self._entry(field, (*path, key), reference, other)

    def _entry(self, field: Field, path: Path, reference: Any, other: Any) -> None:
        """Compare the entry of two maps that a path ends with."""
        mine, theirs = (side.get(path[-1], UNSET) for side in (reference, other))
        if field.items is not None and mine is not UNSET and theirs is not UNSET:
            self._record(path, mine, theirs)
        elif self._is_older_entry(path, mine, theirs):
            self._add(path, ChangeKind.UNKNOWN, mine, theirs, OLDER)
        elif field.is_entries and not (self._runs or _was_looked_for(path, reference, other)):
            side = 0 if mine is UNSET else 1
            reason = reason_for(self._gaps[side], path[1:]) or NOT_NAMED
            self._add(path, ChangeKind.UNKNOWN, mine, theirs, reason)
        elif field.is_entries and path[0] == "packages" and self._is_beyond(path, reference, other):
            self._add(path, ChangeKind.UNKNOWN, mine, theirs, OF_CONDA)
        else:
            self._value(path, mine, theirs)

    def _is_beyond(self, path: Path, reference: Any, other: Any) -> bool:
        """Whether a package is conda's alone, and the side without it lists distributions only."""
        side = 1 if path[-1] in reference else 0
        entry = (reference if side else other)[path[-1]]
        listed = other if side else reference
        if getattr(entry, "format", UNSET) != "conda" or self._sides[side].complete:
            return False
        if any(item.format == "conda" for item in listed.values()):
            return False
        from envsnap.knowledge import conda_packages

        build = reading.given(entry.conda.build) if entry.conda is not UNSET else None
        return conda_packages.is_named_by_conda_alone(path[-1], build)

    def _tree(self, path: Path, reference: Any, other: Any) -> None:
        if reference is UNSET and other is UNSET:
            return
        if reference is UNSET or other is UNSET:
            self._value((*path, "tree"), reference, other)
            return
        if reference == other:
            self.compared += _leaves(reference)
            return
        from envsnap.changes import trees

        found = trees.compare(reference, other)
        self.compared += max(_leaves(reference), len(found))
        for place, mine, theirs in found:
            inner = place or ("tree",)  # the whole file is one list
            hidden = self._is_hidden((*path, *inner), mine, theirs)
            self._value((*path, *inner), mine, theirs, says_all=not hidden)

    def _why_missing(self, path: Path, reference: Any, *, says_all: bool = False) -> str | None:
        """Why the side that lacks a fact does not know it; None where it is not there."""
        side = 0 if reference is UNSET else 1
        reason = reason_for(self._gaps[side], path[1:])
        if reason is None and not (says_all or reading.says_all(self._sides[side], path)):
            reason = NOT_STATED
        return reason

    def _value(self, path: Path, reference: Any, other: Any, *, says_all: bool = False) -> None:
        """Compare a value; `says_all` is for what was read as a whole, whatever its section is."""
        if reference is UNSET and other is UNSET:
            return
        if reference is not UNSET and other is not UNSET:
            if self._is_shortened(path, reference, other):
                self._add(path, ChangeKind.UNKNOWN, reference, other, SHORTENED)
                return
            self.compared += 1
            if reference != other:
                self._add(path, ChangeKind.CHANGED, reference, other, None)
            return
        reason = self._why_missing(path, reference, says_all=says_all)
        if reason is not None:
            self._add(path, ChangeKind.UNKNOWN, reference, other, reason)
            return
        self.compared += 1
        kind = ChangeKind.ADDED if reference is UNSET else ChangeKind.REMOVED
        self._add(path, kind, reference, other, None)

    def _is_hidden(self, path: Path, mine: Any, theirs: Any) -> bool:
        """Whether what a side lacks may have been left out: gaps in lists are told by place."""
        if mine is not UNSET and theirs is not UNSET:
            return False
        told = self._gaps[0 if mine is UNSET else 1]
        starts = tuple(f"{text(path[1:end])}[" for end in range(2, len(path)))
        return any(gap.startswith(starts) for gap in told)

    def _is_shortened(self, path: Path, reference: Any, other: Any) -> bool:
        """Whether a report tells the first numbers of what the other side has in full."""
        if path[-1:] == ("memory_total",) and isinstance(reference, int) and isinstance(other, int):
            return any(self.reports) and _is_whole_mebibytes(reference, other)
        if path not in CUT_SHORT or not (isinstance(reference, str) and isinstance(other, str)):
            return False
        return (self.reports[0] and other.startswith(f"{reference}.")) or (
            self.reports[1] and reference.startswith(f"{other}.")
        )

    def _add(
        self, path: Path, kind: ChangeKind, reference: Any, other: Any, reason: str | None
    ) -> None:
        self.changes.append(
            Change(
                path=path,
                kind=kind,
                reference=_shown(reference),
                other=_shown(other),
                reason=reason,
            )
        )


def _is_whole_mebibytes(reference: int, other: int) -> bool:
    """Whether one side is the other in whole MiB, as nvidia-smi prints what the driver counts in bytes."""
    return reference != other and reference >> 20 == other >> 20 and 0 in (
        reference % MEBIBYTE, other % MEBIBYTE,
    )  # fmt: skip


def _was_looked_for(path: Path, reference: Any, other: Any) -> bool:
    """Tell whether both captures looked for this entry.

    A file below a named folder was looked for where the other side has files of that folder.
    """
    if path[0] not in NAMED_BY_USER or (path[1] in reference and path[1] in other):
        return True
    folder, slash, _ = path[1].partition("/")
    other = other if path[1] in reference else reference
    return bool(slash) and any(key.startswith(f"{folder}/") for key in other)


def _has_facts(section: Section, field: Field) -> bool:
    return field.kind in COMPARED and getattr(section, field.name) not in (UNSET, {})


def _shown(value: Any) -> Any:
    """A value as plain data, with lists where the model has tuples."""
    if value is UNSET:
        return None
    plain = to_builtins(value)
    return list(plain) if isinstance(plain, tuple) else plain


def _leaves(tree: Any) -> int:
    """Count the values of a tree that are not containers."""
    if isinstance(tree, dict):
        return sum(_leaves(item) for item in tree.values())
    if isinstance(tree, list):
        return sum(_leaves(item) for item in tree)
    return 1
