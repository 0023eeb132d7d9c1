"""The typed walk over two manifests.

It follows the model's records, so a new field is compared without a word here. Only portable
and host facts are compared. A fact that one side lacks is removed or added where that side's
section is complete and has no gap for it; otherwise it is unknown.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, to_builtins

from envsnap.diff.change import Change, ChangeKind, Difference
from envsnap.model.fields import COMPARED, Field, Section, plan
from envsnap.model.host import EnvVars
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import Path, reason_for, text

NOT_CAPTURED = "not captured"
NOT_STATED = "not stated"
NOT_NAMED = "not captured under this name"
OLDER = "not captured: the envsnap that wrote it did not record this yet"
VALUE_NOT_READ = "not asked: it is set, but its value was not recorded"
# Sections of files that the user names: a name that one capture did not mention is no absence,
# unless both describe runs, which mention what they opened.
NAMED_BY_USER = ("configs", "weights", "data", "files")
RUN = "run"


def compare(left: Manifest, right: Manifest) -> Difference:
    """Return what differs between two manifests, in the order of the model."""
    runs = left.target.kind == right.target.kind == RUN
    walk = _Walk((left.schema_revision, right.schema_revision), runs=runs)
    left_sections, right_sections = present(left.sections), present(right.sections)
    for name in {**left_sections, **right_sections}:
        if name == "identity":
            continue
        walk.section(name, left_sections.get(name), right_sections.get(name))
    return Difference(
        changes=tuple(walk.changes), compared=walk.compared, not_compared=walk.not_compared
    )


class _Walk:
    """Carries the two sections under comparison and what was found so far."""

    def __init__(self, revisions: tuple[int, int], *, runs: bool) -> None:
        self._revisions, self._runs = revisions, runs
        self.changes: list[Change] = []
        self.compared = 0
        self.not_compared: dict[str, str] = {}
        self._sides: tuple[Section, Section]
        self._gaps: tuple[dict[str, str], dict[str, str]]

    def section(self, name: str, left: Section | None, right: Section | None) -> None:
        """Compare one section."""
        if left is None or right is None:
            known = left if left is not None else right
            if known is not None and any(_has_facts(known, field) for field in plan(type(known))):
                self._add((name,), ChangeKind.UNKNOWN, None, None, NOT_CAPTURED)
            return
        self._sides = left, right
        self._gaps = gaps(left), gaps(right)
        self._record((name,), left, right)
        self._gaps_of_both(name, left, right)

    def _gaps_of_both(self, name: str, left: Section, right: Section) -> None:
        for path, reason in left.gaps.items():
            if path in right.gaps:
                joint = "" if path.startswith("[") else "."
                self.not_compared[f"{name}{joint}{path}"] = reason

    def _record(self, path: Path, left: Struct, right: Struct) -> None:
        for field in plan(type(left)):
            if field.kind not in COMPARED:
                continue
            inner = path if field.is_entries else (*path, field.name)
            values = getattr(left, field.name), getattr(right, field.name)
            if field.since and self._is_older(field, *values):
                self._add(inner, ChangeKind.UNKNOWN, *values, OLDER)
            else:
                self._field(field, inner, *values)

    def _is_older(self, field: Field, left: Any, right: Any) -> bool:
        """Tell whether the side that lacks a field was written before there was this field."""
        if (left is UNSET) is (right is UNSET):
            return False
        return self._revisions[0 if left is UNSET else 1] < field.since

    def _field(self, field: Field, path: Path, left: Any, right: Any) -> None:
        if field.name == "tree":
            self._tree(path[:-1], left, right)
        elif field.is_map:
            self._map(field, path, left, right)
        elif isinstance(left, Struct) and isinstance(right, Struct):
            self._record(path, left, right)
        else:
            self._value(path, left, right)

    def _map(self, field: Field, path: Path, left: Any, right: Any) -> None:
        if left is UNSET and right is UNSET:
            return
        if left is UNSET or right is UNSET:
            if not field.is_entries:
                self._value(path, left, right)
                return
            left, right = left or {}, right or {}
        for key in sorted({**left, **right}):
            mine, theirs = left.get(key, UNSET), right.get(key, UNSET)
            inner = (*path, key)
            if field.items is not None and mine is not UNSET and theirs is not UNSET:
                self._record(inner, mine, theirs)
            elif field.is_entries and not (self._runs or _was_looked_for(inner, left, right)):
                self._add(inner, ChangeKind.UNKNOWN, mine, theirs, NOT_NAMED)
            else:
                self._value(inner, mine, theirs)

    def _tree(self, path: Path, left: Any, right: Any) -> None:
        if left is UNSET and right is UNSET:
            return
        if left is UNSET or right is UNSET:
            self._value((*path, "tree"), left, right)
            return
        if left == right:
            self.compared += _leaves(left)
            return
        from envsnap.diff import trees  # deepdiff costs more than everything else here

        found = trees.compare(left, right)
        self.compared += max(_leaves(left), len(found))
        for inner, mine, theirs in found:
            self._value((*path, *inner), mine, theirs)

    def _value(self, path: Path, left: Any, right: Any) -> None:
        if left is UNSET and right is UNSET:
            return
        if left is not UNSET and right is not UNSET:
            self.compared += 1
            if left != right:
                self._add(path, ChangeKind.CHANGED, left, right, None)
            return
        side = 0 if left is UNSET else 1
        reason = reason_for(self._gaps[side], path[1:])
        if reason is None and not self._sides[side].complete:
            reason = NOT_STATED
        if reason is not None:
            self._add(path, ChangeKind.UNKNOWN, left, right, reason)
            return
        self.compared += 1
        kind = ChangeKind.ADDED if left is UNSET else ChangeKind.REMOVED
        self._add(path, kind, left, right, None)

    def _add(self, path: Path, kind: ChangeKind, left: Any, right: Any, reason: str | None) -> None:
        self.changes.append(
            Change(path=path, kind=kind, left=_shown(left), right=_shown(right), reason=reason)
        )


def gaps(section: Section) -> dict[str, str]:
    """A section's gaps; variables whose values were not read count as gaps too."""
    if isinstance(section, EnvVars) and isinstance(section.others, tuple):
        return {**{text((name,)): VALUE_NOT_READ for name in section.others}, **section.gaps}
    return section.gaps


def _was_looked_for(path: Path, left: Any, right: Any) -> bool:
    """Tell whether both captures looked for this entry.

    A file below a named folder was looked for where the other side has files of that folder.
    """
    if path[0] not in NAMED_BY_USER or (path[1] in left and path[1] in right):
        return True
    folder, slash, _ = path[1].partition("/")
    other = right if path[1] in left else left
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
