"""What declared requirements say about sets: which atoms go together.

A requirement of a distribution holds on its own side. In a set that mixes both sides it may not:
then its distribution and what it requires had better come from one side. Both directions count:
what comes in brings what it needs, and what is undone needs back what it had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envsnap.bisection.sides import Distribution, Side


class Implications:
    """Pairs (a, b) of atoms: a set with a had better have b."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._then: dict[int, set[int]] = {}
        self._before: dict[int, set[int]] = {}
        self._pairs = list(pairs)
        for first, second in self._pairs:
            if first != second:
                self._then.setdefault(first, set()).add(second)
                self._before.setdefault(second, set()).add(first)

    def renumbered(self, numbers: Mapping[int, int]) -> Implications:
        """The same pairs under other numbers."""
        return Implications((numbers[first], numbers[second]) for first, second in self._pairs)

    def forward(self, atoms: Iterable[int]) -> frozenset[int]:
        """A set with all that it asks for."""
        return _closed(atoms, self._then)

    def backward(self, atoms: Iterable[int]) -> frozenset[int]:
        """A set that is undone, with all that has to be undone with it."""
        return _closed(atoms, self._before)

    def nearest(self, atoms: Iterable[int], order: Sequence[int]) -> list[int]:
        """The other atoms: those that go with these first, then in the order of suspicion."""
        near = self.forward(atoms) | self.backward(atoms)
        return sorted(
            (atom for atom in order if atom not in set(atoms)), key=lambda a: a not in near
        )


def _closed(atoms: Iterable[int], edges: Mapping[int, set[int]]) -> frozenset[int]:
    found = set(atoms)
    waiting = deque(found)
    while waiting:
        for other in edges.get(waiting.popleft(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found)


def implications(
    numbers: Mapping[str, int], good: Side, bad: Side, python: str | None
) -> Implications:
    """Read from both sides which distributions go together; `numbers` are the atoms' by name.

    Only what is violated in a mixed set counts: what a side violates by itself is its own matter.
    """
    pairs: list[tuple[int, int]] = []
    for name, number in numbers.items():
        # The bad one needs the other bad one, and the other bad one does for no good one.
        here, there = bad.packages.get(name), good.packages.get(name)
        pairs += [(number, numbers[other]) for other in _required(here, numbers, good, python)]
        pairs += [(numbers[other], number) for other in _required(there, numbers, bad, python)]
    return Implications(pairs)


def _required(
    distribution: Distribution | None, numbers: Mapping[str, int], across: Side, python: str | None
) -> Iterable[str]:
    """The atoms that a distribution requires otherwise than the opposite side has them."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    for line in distribution.requires if distribution is not None else ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        name = canonicalize_name(requirement.name)
        if name not in numbers or not _applies(requirement, python):
            continue
        opposite = across.packages.get(name)
        if opposite is None or not _satisfied(requirement, opposite.version):
            yield name


def _applies(requirement: object, python: str | None) -> bool:
    from packaging.markers import UndefinedEnvironmentName

    marker = getattr(requirement, "marker", None)
    if marker is None:
        return True
    known = {"extra": ""}
    if python:
        known |= {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}
    try:
        return bool(marker.evaluate(known))
    except UndefinedEnvironmentName:
        return False


def _satisfied(requirement: object, version: str) -> bool:
    from packaging.version import Version

    specifier = getattr(requirement, "specifier")  # noqa: B009 (packaging is imported late)
    try:
        return bool(specifier.contains(Version(version), prereleases=True))
    except ValueError:
        return True
