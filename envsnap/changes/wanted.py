"""What is wanted, held against what is installed, or against what another file wants.

Against an installation the markers are evaluated for its platform and Python. Two files are
compared by what each asks for on every platform and Python that both are for, so that another
spelling of a marker is no difference.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping

from msgspec import UNSET, Struct

from envsnap.changes import markers
from envsnap.changes.change import Change, ChangeKind
from envsnap.changes.ranges import in_range, is_one_range, plain_range
from envsnap.changes.requests import alike, choices, commit, meets, named, one_place, spelled
from envsnap.knowledge.conda_packages import distribution
from envsnap.model.manifest import Manifest
from envsnap.model.paths import reason_for
from envsnap.model.python import Package
from envsnap.model.reading import entries, names_all, packages, stated
from envsnap.model.wanted import Choice, Requirement
from envsnap.wording import counted

NOT_DECIDED = "not stated: on which platforms and Pythons it is asked for cannot be decided here"
NOT_STATED = "not stated"
PLACE = ("sys_platform", "platform_machine", "platform_python_implementation", "python_version")
UNREADABLE = "not compared: its range is of a form that envsnap does not read"


class Found(Struct):
    """Changes, and how much was compared."""

    changes: list[Change]
    compared: int = 0


def is_held_against(reference: Manifest, other: Manifest) -> bool:
    """Whether one side says what is wanted and the other what is there, and nothing in common."""
    wants = stated(reference, "wanted", "entries"), stated(other, "wanted", "entries")
    has = stated(reference, "packages", "entries"), stated(other, "packages", "entries")
    if wants[0] is not None and wants[1] is None:
        return has[0] is None and has[1] is not None
    return wants[1] is not None and wants[0] is None and has[1] is None and has[0] is not None


def compare(reference: Manifest, other: Manifest) -> Found:
    """Compare two manifests of which one wants, or both do."""
    found = Found([])
    if not is_held_against(reference, other):
        if stated(reference, "wanted", "entries") is not None and (
            stated(other, "wanted", "entries") is not None
        ):
            _Files(found, reference, other).compare()
        return found
    if stated(reference, "wanted", "entries") is not None:
        _Installed(found, reference, other).compare()
        return found
    mirrored = Found([])
    _Installed(mirrored, other, reference).compare()
    found.changes.extend(change.mirrored() for change in mirrored.changes)
    found.compared = mirrored.compared
    return found


def told(reference: Manifest, other: Manifest) -> str | None:
    """For which platform and Python how much of what is wanted counted; None where nothing was held against it."""
    if not is_held_against(reference, other):
        return None
    wants = stated(reference, "wanted", "entries") is not None
    wanting, installed = (reference, other) if wants else (other, reference)
    known = dict(markers.known(installed))
    place = " ".join(known[key] for key in PLACE if key in known)
    lines = [
        markers.holds(choice.marker, markers.known(installed))
        if isinstance(choice.marker, str)
        else True
        for requirement in entries(wanting, "wanted").values()
        for choice in choices(requirement)
        if choice.groups is UNSET
    ]
    parts = [
        f"of what is wanted, {counted(lines.count(True), 'line')} counted for {place or 'a platform that is not known'}"
    ]
    if lines.count(False):
        parts.append(f"{lines.count(False)} of other platforms or Pythons left out")
    if lines.count(None):
        parts.append(f"{lines.count(None)} that cannot be decided")
    return "; ".join(parts)


class _Installed:
    """One side wants, the other is installed."""

    def __init__(self, found: Found, wanting: Manifest, installed: Manifest) -> None:
        self._found, self._wanting, self._installed = found, wanting, installed
        self._told = markers.known(installed)
        self._gaps = wanting.sections.wanted.gaps if wanting.sections.wanted is not UNSET else {}
        section = installed.sections.packages
        self._missing = section.gaps if section is not UNSET else {}
        self._conda = any(item.format == "conda" for item in packages(installed).values())

    def compare(self) -> None:
        """Compare every distribution, and Python."""
        there = packages(self._installed)
        for name, requirement in sorted(entries(self._wanting, "wanted").items()):
            self._one(name, requirement, there.get(name))
        self._bounds(there)
        self._python()

    def _one(self, name: str, requirement: Requirement, package: Package | None) -> None:
        path = ("wanted", name)
        asked = [choice for choice in choices(requirement) if choice.groups is UNSET]
        optional = not asked
        held = [(choice, self._holds(name, choice)) for choice in asked or choices(requirement)]
        sure = [choice for choice, answer in held if answer is True]
        if not sure:
            if any(answer is None for _, answer in held) and not optional:
                self._unknown(path, None, NOT_DECIDED)
            return
        if package is None:
            self._absent(name, sure[0], optional=optional)
            return
        version = package.version if isinstance(package.version, str) else None
        if version is None:
            self._unknown(path, spelled(sure[0]), NOT_STATED)
        else:
            self._version(name, sure, version, package)

    def _holds(self, name: str, choice: Choice) -> bool | None:
        if f"{name}.marker" in self._gaps or reason_for(self._gaps, (name, "marker")):
            return None if name not in packages(self._installed) else True
        if not isinstance(choice.marker, str):
            return True
        return markers.holds(choice.marker, self._told)

    def _absent(self, name: str, choice: Choice, *, optional: bool) -> None:
        if optional or (choice.manager == "conda" and not self._conda):
            return
        reason = reason_for(self._missing, (name,))
        if reason is None and not names_all(self._installed, "packages"):
            reason = NOT_STATED
        if reason is not None and not reason.startswith("absent"):
            self._unknown(("wanted", name), spelled(choice), reason)
            return
        self._found.compared += 1
        self._add(("wanted", name), ChangeKind.REMOVED, spelled(choice) or "any version", None)

    def _version(self, name: str, sure: list[Choice], version: str, package: Package) -> None:
        answers = [meets(choice, version) for choice in sure]
        path = ("wanted", name, "version" if isinstance(sure[0].version, str) else "specifier")
        if None in answers and True not in answers:
            self._unknown(path, spelled(sure[0]), UNREADABLE)
            return
        self._found.compared += 1
        if True not in answers:
            self._add(path, ChangeKind.CHANGED, spelled(sure[0]), version)
            return
        self._build(name, sure[0], package)
        asked, there = sure[0].origin, package.origin
        if asked is UNSET or there is UNSET:
            return
        if isinstance(asked.commit, str) and isinstance(there.commit, str):
            self._found.compared += 1
            if not there.commit.startswith(asked.commit):
                where = ("wanted", name, "origin", "commit")
                self._add(where, ChangeKind.CHANGED, asked.commit, there.commit)

    def _build(self, name: str, asked: Choice, package: Package) -> None:
        """Conda's build, which a file may ask for by a pattern: `*cuda*`."""
        there = packages(self._installed)
        names = (other for other in there if other != name and distribution(other) == name)
        listed = package, *(there[other] for other in names)  # conda lists pytorch, which has torch
        builds = (item.conda.build for item in listed if item.conda is not UNSET)
        build = next((item for item in builds if isinstance(item, str)), None)
        if isinstance(asked.build, str) and isinstance(build, str):
            self._found.compared += 1
            if not fnmatch.fnmatchcase(build, asked.build):
                self._add(("wanted", name, "build"), ChangeKind.CHANGED, asked.build, build)

    def _bounds(self, there: Mapping[str, Package]) -> None:
        """What a file of constraints allows of what is installed, whoever asks for it."""
        told = {change.path[1] for change in self._found.changes}
        for name, held in sorted((stated(self._wanting, "wanted", "constraints") or {}).items()):
            version = there[name].version if name in there and name not in told else None
            answer = in_range(held, version, otherwise=None) if isinstance(version, str) else None
            self._found.compared += answer is not None
            if answer is False:
                self._add(("wanted", name, "specifier"), ChangeKind.CHANGED, held, str(version))

    def _python(self) -> None:
        bounds = stated(self._wanting, "wanted", "requires_python")
        version = stated(self._installed, "python", "version")
        if bounds is None or version is None or version.count(".") < 2:
            return
        answer = in_range(plain_range(bounds), version.rstrip("+"), otherwise=None)
        self._found.compared += answer is not None
        if answer is False:
            self._add(("wanted", "requires_python"), ChangeKind.CHANGED, bounds, version)

    def _unknown(self, path: tuple[str, ...], asked: str | None, reason: str) -> None:
        change = Change(path=path, kind=ChangeKind.UNKNOWN, reference=asked, reason=reason)
        self._found.changes.append(change)

    def _add(
        self, path: tuple[str, ...], kind: ChangeKind, asked: str | None, have: str | None
    ) -> None:
        self._found.changes.append(Change(path=path, kind=kind, reference=asked, other=have))


class _Files:
    """Both sides want."""

    def __init__(self, found: Found, reference: Manifest, other: Manifest) -> None:
        self._found = found
        self._sides = reference, other
        known = [
            bounds for side in self._sides if (bounds := stated(side, "wanted", "requires_python"))
        ]
        pythons = tuple(
            python
            for python in markers.PYTHONS
            if all(in_range(plain_range(bounds), f"{python}.5", otherwise=True) for bounds in known)
        )
        told = markers.known(reference) or markers.known(other)
        self._cells = markers.cells(told, pythons or markers.PYTHONS)
        alike = names_all(reference, "wanted") is names_all(other, "wanted")
        self._says_all = tuple(alike or names_all(side, "wanted") for side in self._sides)

    def compare(self) -> None:
        """Compare every distribution that one of both names, and the Pythons."""
        left, right = (entries(side, "wanted") for side in self._sides)
        for name in sorted({**left, **right}):
            self._one(name, left.get(name), right.get(name))
        pythons = [stated(side, "wanted", "requires_python") for side in self._sides]
        if None not in pythons:
            self._found.compared += 1
            if not is_one_range(*map(str, pythons)):
                path = ("wanted", "requires_python")
                self._add(path, ChangeKind.CHANGED, pythons[0], pythons[1])

    def _one(self, name: str, left: Requirement | None, right: Requirement | None) -> None:
        asked = [_default(side) for side in (left, right)]
        if not asked[0] and not asked[1] and (left is None or right is None):
            return  # of a group that only one of both files tells
        if any(_gap(side, name) for side in self._sides):
            if left is not None and right is not None:
                self._settle(name, _spellings(choices(left)), _spellings(choices(right)))
            return
        for cell in self._cells:
            found = _both_in_cell(left, right, cell)
            if found is None:
                self._found.changes.append(
                    Change(path=("wanted", name), kind=ChangeKind.UNKNOWN, reason=NOT_DECIDED)
                )
                return
            if not alike(*found):
                self._settle(name, *found)
                return
        self._found.compared += 1
        if left is not None and right is not None:
            self._extras(name, left, right)
            self._artifact(name, left, right)

    def _artifact(self, name: str, left: Requirement, right: Requirement) -> None:
        """The commit and conda's build, where both lines name one beside an equal version."""
        if UNSET not in (left.alternatives, right.alternatives) or not spelled(left):
            return
        commits = commit(left), commit(right)
        if isinstance(left.version, str) and None not in commits and not one_place(left, right):
            self._add(("wanted", name, "origin", "commit"), ChangeKind.CHANGED, *commits)
        builds = left.build, right.build
        if all(isinstance(build, str) for build in builds) and builds[0] != builds[1]:
            self._add(("wanted", name, "build"), ChangeKind.CHANGED, *map(str, builds))

    def _extras(self, name: str, left: Requirement, right: Requirement) -> None:
        """What two lists ask for with a distribution; a lock lists that by itself."""
        is_lock = any(names_all(side, "wanted") for side in self._sides)
        if is_lock or left.groups is not UNSET or spelled(left) != spelled(right):
            return
        mine, theirs = (set(one.extras or ()) for one in (left, right))
        if mine != theirs and left.alternatives is UNSET and right.alternatives is UNSET:
            told = (f"[{','.join(sorted(found))}]" for found in (mine, theirs))
            self._add(("wanted", name, "extras"), ChangeKind.CHANGED, *told)

    def _settle(self, name: str, mine: dict[str, Choice], theirs: dict[str, Choice]) -> None:
        """State a difference; a name that one side does not have may be left out there."""
        path = ("wanted", name)
        told = " or ".join(mine) or None, " or ".join(theirs) or None
        if mine and theirs:
            self._found.compared += 1
            if not alike(mine, theirs):
                self._add(self._place(name), ChangeKind.CHANGED, *told)
            return
        lacking = 1 if mine else 0
        kind = ChangeKind.REMOVED if mine else ChangeKind.ADDED
        if self._says_all[lacking]:
            self._found.compared += 1
            self._add(path, kind, *told)
        else:
            self._found.changes.append(
                Change(
                    path=path,
                    kind=ChangeKind.UNKNOWN,
                    reference=told[0],
                    other=told[1],
                    reason=NOT_STATED,
                )
            )

    def _place(self, name: str) -> tuple[str, ...]:
        """The field that both sides state; the entry where one has several lines, or another field."""
        for field in ("version", "specifier"):
            if all(
                isinstance(getattr(self._entry(side, name), field), str) for side in self._sides
            ):
                return "wanted", name, field
        if all(named(self._entry(side, name)) for side in self._sides):
            return "wanted", name, "origin", "url"
        return "wanted", name

    @staticmethod
    def _entry(side: Manifest, name: str) -> Choice:
        found: Choice = entries(side, "wanted")[name]
        return found

    def _add(
        self, path: tuple[str, ...], kind: ChangeKind, mine: str | None, theirs: str | None
    ) -> None:
        self._found.changes.append(Change(path=path, kind=kind, reference=mine, other=theirs))


def _gap(side: Manifest, name: str) -> bool:
    section = side.sections.wanted
    return section is not UNSET and reason_for(section.gaps, (name, "marker")) is not None


def _default(requirement: Requirement | None) -> tuple[Choice, ...]:
    """The lines that ask by default, without those of extras and groups."""
    if requirement is None:
        return ()
    return tuple(choice for choice in choices(requirement) if choice.groups is UNSET)


def _by_groups(requirement: Requirement | None, cell: markers.Cell) -> dict[str, Choice]:
    """What extras and groups ask for in one environment: the other side asks for it by default.

    Which of them were chosen there is not told, so that a marker which asks for one holds.
    """
    lines = () if requirement is None else choices(requirement)
    return _spellings(
        tuple(
            choice
            for choice in lines
            if choice.groups is not UNSET
            and (
                not isinstance(choice.marker, str)
                or "extra" in choice.marker
                or markers.in_cell(choice.marker, cell)
            )
        )
    )


def _spellings(lines: tuple[Choice, ...]) -> dict[str, Choice]:
    return {spelled(choice) or "any version": choice for choice in lines}


def _in_cell(lines: tuple[Choice, ...], cell: markers.Cell) -> dict[str, Choice] | None:
    """What is asked for in one environment; None where a marker cannot be read."""
    held: list[Choice] = []
    for choice in lines:
        answer = markers.in_cell(choice.marker, cell) if isinstance(choice.marker, str) else True
        if answer is None:
            return None
        if answer:
            held.append(choice)
    return _spellings(tuple(held))


def _both_in_cell(
    left: Requirement | None, right: Requirement | None, cell: markers.Cell
) -> tuple[dict[str, Choice], dict[str, Choice]] | None:
    """What both ask for in one environment; where one does by groups alone, or both do, by these."""
    mine, theirs = (_in_cell(_default(side), cell) for side in (left, right))
    if mine is None or theirs is None:
        return None
    if not mine and not theirs:
        groups = _by_groups(left, cell), _by_groups(right, cell)
        return groups if all(groups) else ({}, {})
    mine = mine or (_by_groups(left, cell) if theirs else {})
    return mine, theirs or (_by_groups(right, cell) if mine else {})
