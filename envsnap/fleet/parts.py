"""What sets hosts apart: the compared facts of a section, its completeness, names of variables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

from msgspec import UNSET, Struct, to_builtins

from envsnap.intake.many import Part
from envsnap.model.fields import COMPARED, Field, Kind, Section, plan
from envsnap.model.host import EnvVars
from envsnap.model.paths import Path
from envsnap.model.ranks import stripped
from envsnap.redact import digests
from envsnap.rules import peers

# Sections that describe the machine, also where they say nothing.
MACHINE = ("gpus", "driver", "rocm")
# Reasons for a fact that nobody failed to tell: it is not there, or was left out on purpose.
MEANT = ("absent", "redacted", "not asked", "not stated", "not captured")
CHOSEN = ("redacted", "not asked")
PLAIN = (str, int, float, type(None))

Leaf: TypeAlias = tuple[Path, Any, Kind]


class Shape(Struct, frozen=True, eq=False):
    """A section as kinds are made of: two digests, and the facts in which equal hosts may differ.

    `hardware` covers facts of the machine, `software` what a container can carry; both cover
    completeness. `soft` holds facts by path that set hosts apart unless nearly each host has its
    own. `untold` is what timed out, was denied or failed: path and reason.
    """

    hardware: bytes
    software: bytes
    soft: dict[Path, Any]
    untold: tuple[tuple[str, str], ...]


def shape(part: Part, left_out: frozenset[Path] = frozenset()) -> Shape:
    """The shape of a section; facts that were found to be noise are left out."""
    noise = frozenset(path for path in left_out if path[0] == part.name)
    if noise or not isinstance(part.seen, Shape):
        return look(part.name, part.section, noise)
    return part.seen


def look(name: str, section: Section, noise: frozenset[Path] = frozenset()) -> Shape:
    """The shape of a section by its name, without what is noise in it."""
    section = stripped(section)
    portable: list[tuple[str, Any]] = []
    host: list[tuple[str, Any]] = []
    soft: dict[Path, Any] = {}
    for path, value, kind in leaves(name, section):
        if path in noise or path[:1] in noise or peers.is_own(path, value):
            continue
        if peers.is_soft(path):
            soft[path] = peers.softened(path, value)
        else:
            (host if kind is Kind.HOST else portable).append(("\0".join(path), value))
    known: list[Any] = [section.complete]
    known.append(sorted(_left_open(section.gaps)))
    if isinstance(section, EnvVars) and (name,) not in noise:
        known.append(sorted((peers.variables(section) or set()) - {*peers.DEFAULTS}))
    machine = name in MACHINE
    return Shape(
        hardware=_digest([host, known if machine else None]),
        software=_digest([portable, None if machine else known]),
        soft=soft,
        untold=tuple(
            (f"{name}.{path}", why) for path, why in section.gaps.items() if is_untold(why)
        ),
    )


def is_untold(why: str) -> bool:
    """Whether a reason says that a fact was looked for and could not be told: denied, timeout, error."""
    return not why.startswith(MEANT)


def _left_open(gaps: dict[str, str]) -> Iterator[str]:
    """What a section could not tell; of what was left out on purpose its keyed digest, if any."""
    for path, why in gaps.items():
        keyed = digests.split(why)[1]
        if keyed or not why.startswith(CHOSEN):
            yield f"{path}\0{keyed}"


def spelled(name: str, shape: Shape) -> tuple[bytes, str]:
    """A shape's key, and its soft facts as JSON; quantities are a host's own."""
    soft = json.dumps(
        sorted([list(path), value] for path, value in shape.soft.items() if path[0] != "system")
    )
    return b"".join((name.encode(), shape.hardware, shape.software, soft.encode())), soft


def leaves(name: str, section: Section) -> list[Leaf]:
    """Every compared fact of a section as plain data: its path, its value, its kind."""
    found: list[Leaf] = []
    _record((name,), section, found)
    return found


@cache
def _compared(kind: type[Struct]) -> tuple[tuple[str, Field], ...]:
    return tuple((field.name, field) for field in plan(kind) if field.kind in COMPARED)


def _record(path: Path, record: Struct, found: list[Leaf]) -> None:
    for name, field in _compared(type(record)):
        value = getattr(record, name)
        if value is not UNSET:
            _field(path if field.is_entries else (*path, field.name), value, field, found)


def _field(path: Path, value: Any, field: Field, found: list[Leaf]) -> None:
    if isinstance(value, PLAIN):
        found.append((path, value, field.kind))
    elif isinstance(value, Struct):
        _record(path, value, found)
    elif field.is_map and isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, Struct):
                # An entry that says nothing is there all the same.
                found.append(((*path, key), True, Kind.HOST if path[0] in MACHINE else field.kind))
                _record((*path, key), item, found)
            else:
                found.append(((*path, key), to_builtins(item), field.kind))
    else:
        found.append((path, to_builtins(value), field.kind))


def _digest(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
