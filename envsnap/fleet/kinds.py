"""Groups hosts into kinds: equal digests of sections, and equal completeness."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from envsnap.fleet import parts
from envsnap.fleet.parts import Shape
from envsnap.intake import many
from envsnap.intake.many import Frame, Part
from envsnap.model.fields import Section
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules import peers

MOST_KINDS = 1000
MOST_LOOKED_AT = 2000  # sections, to find the fact that makes too many kinds
MOST_NOISE = 8
MANY_HOSTS = 32
MANY_VALUES = 10  # a fact with fewer does not make a thousand kinds: many facts do, together


class Stored(Struct, frozen=True, eq=False):
    """A section that a store knows by its shape; the facts are read when they are asked for."""

    name: str
    shape: Shape


class Same(Struct, eq=False, kw_only=True):
    """Hosts (by number) whose sections are equal; `build` makes the manifest of one of them."""

    parts: Sequence[Part | Stored]
    hosts: list[int]
    build: Callable[[], Manifest]


class Kind(Struct, frozen=True, eq=False, kw_only=True):
    """Hosts that are alike in everything that counts; `build` makes the manifest of one."""

    name: str
    hosts: list[int]
    build: Callable[[], Manifest]
    untold: tuple[tuple[str, str], ...]


class Noise(Struct, frozen=True, kw_only=True):
    """A fact that has another value nearly everywhere: it sets no kind apart."""

    path: Path
    values: int
    hosts: int


class Kinds(Struct, frozen=True, kw_only=True):
    """All kinds, the largest first, and what was left out of them."""

    kinds: tuple[Kind, ...]
    noise: tuple[Noise, ...]


def gathered(hosts: Iterable[tuple[Frame, tuple[Part, ...]]]) -> list[Same]:
    """Put hosts together whose sections are equal to the byte."""
    found: dict[tuple[int, ...], Same] = {}
    for number, (frame, own) in enumerate(hosts):
        key = tuple(map(id, own))
        if key in found:
            found[key].hosts.append(number)
        else:
            found[key] = Same(parts=own, hosts=[number], build=partial(many.manifest, frame, own))
    return list(found.values())


def grouped(same: Sequence[Same]) -> Kinds:
    """Group hosts; a fact that makes more than a thousand kinds is named and left out."""
    left_out: set[Path] = set()
    noise: list[Noise] = []
    while True:
        groups, private = _grouped(same, frozenset(left_out))
        if len(groups) <= _most(same) or len(noise) >= MOST_NOISE:
            break
        loudest = _loudest(same, left_out)
        if loudest is None:
            break
        noise.append(loudest)
        left_out.add(loudest.path)
    kinds = sorted(groups.values(), key=lambda kind: (-len(kind.hosts), kind.hosts[0]))
    return Kinds(kinds=tuple(kinds), noise=(*noise, *private))


def _most(same: Sequence[Same]) -> int:
    """How many kinds are believed: a thousand, and of many hosts not more than every second one."""
    hosts = sum(len(group.hosts) for group in same)
    return MOST_KINDS if hosts < MANY_HOSTS else min(MOST_KINDS, hosts // 2)


def _grouped(
    same: Sequence[Same], left_out: frozenset[Path]
) -> tuple[dict[bytes, Kind], list[Noise]]:
    shapes = _shapes(same, left_out)
    spelled, private = _soft(same, shapes)
    found: dict[bytes, Kind] = {}
    for group in same:
        own = [shapes[id(part)] for part in group.parts]
        hardware, software = _keys(group, own, spelled)
        kind = found.get(hardware + software)
        if kind is not None:
            kind.hosts.extend(group.hosts)
            continue
        found[hardware + software] = Kind(
            name=f"hw-{hardware.hex()[:6]}/sw-{software.hex()[:6]}",
            hosts=list(group.hosts),
            build=group.build,
            untold=tuple(item for shape in own for item in shape.untold),
        )
    for kind in found.values():
        kind.hosts.sort()
    return found, private


def _shapes(same: Sequence[Same], left_out: frozenset[Path]) -> dict[int, Shape]:
    """The shape of every section, by its identity; hosts that are alike share sections."""
    different = {id(part): part for group in same for part in group.parts}
    return {
        number: part.shape if isinstance(part, Stored) else parts.shape(part, left_out)
        for number, part in different.items()
    }


def _keys(
    group: Same, own: Sequence[Shape], spelled: dict[Path, dict[Any, str]]
) -> tuple[bytes, bytes]:
    """What tells hosts apart: by their machines, and by what a container can carry."""
    soft = {
        path: spelled[path][value]
        for item in own
        for path, value in item.soft.items()
        if path in spelled
    }
    names = [part.name for part in group.parts]
    return (
        _key([names, *(item.hardware for item in own)], soft, machine=True),
        _key([names, *(item.software for item in own)], soft, machine=False),
    )


def _key(digests: list[Any], soft: dict[Path, Any], *, machine: bool) -> bytes:
    mine = sorted(
        (path, value) for path, value in soft.items() if value and (path[0] == "system") is machine
    )
    return hashlib.sha256(repr((digests, mine)).encode()).digest()


def _soft(
    same: Sequence[Same], shapes: dict[int, Shape]
) -> tuple[dict[Path, dict[Any, str]], list[Noise]]:
    """How soft facts are spelled in a kind's key; those of which each host has its own are not.

    Quantities are near enough where no gap between neighbours is wider than the tolerance.
    """
    counts: dict[Path, Counter[Any]] = {}
    total = 0
    for group in same:
        total += len(group.hosts)
        for part in group.parts:
            for path, value in shapes[id(part)].soft.items():
                counts.setdefault(path, Counter())[value] += len(group.hosts)
    spelled: dict[Path, dict[Any, str]] = {}
    private: list[Noise] = []
    for path, values in counts.items():
        if path[0] == "system":
            spelled[path] = _clusters(values, everywhere=sum(values.values()) == total)
        elif len(values) > 2 and len(values) > sum(values.values()) / 2:
            private.append(Noise(path=path, values=len(values), hosts=total))
        else:
            spelled[path] = {value: repr(value) for value in values}
    return spelled, private


def _clusters(values: Iterable[Any], *, everywhere: bool) -> dict[Any, str]:
    """Spell quantities that are near each other alike; not at all where every host has such a one."""
    found: dict[Any, str] = {}
    first = before = None
    for value in sorted(values, key=lambda item: (not isinstance(item, int), item or 0)):
        if before is None or not peers.is_near(before, value):
            first = value
        found[value] = f"{first:.3g}" if isinstance(first, int) else repr(first)
        before = value
    alike = everywhere and len(set(found.values())) == 1
    return dict.fromkeys(found, "") if alike else found


def _loudest(same: Sequence[Same], left_out: set[Path]) -> Noise | None:
    """The fact with most values in the section of which there are most."""
    sections: dict[str, dict[int, Part]] = {}
    for group in same:
        for part in group.parts:
            if isinstance(part, Part):
                sections.setdefault(part.name, {})[id(part)] = part
    hosts = sum(len(group.hosts) for group in same)
    for name, found in sorted(sections.items(), key=lambda item: -len(item[1])):
        if (name,) in left_out or len(found) < 2:
            continue
        looked_at = [part.section for part in list(found.values())[:MOST_LOOKED_AT]]
        path, values = loudest(name, looked_at, left_out)
        return Noise(
            path=path, values=max(values, len(found) if path == (name,) else 0), hosts=hosts
        )
    return None


def loudest(
    name: str, sections: Sequence[Section], left_out: Collection[Path], *, soft: bool = False
) -> tuple[Path, int]:
    """The fact of a section that has most values, and how many; the section itself if none has many.

    With `soft` those are asked too of which equal hosts may have their own.
    """
    values: dict[Path, set[str]] = {}
    for section in sections:
        for path, value, _ in parts.leaves(name, section):
            if path not in left_out and (soft or not peers.is_soft(path)):
                values.setdefault(path, set()).add(repr(value))
    path, seen = max(values.items(), key=lambda item: len(item[1]), default=((name,), set()))
    if len(seen) < MANY_VALUES:
        return (name,), len(sections)
    return path, len(seen)
