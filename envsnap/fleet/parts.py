"""What sets hosts apart: the compared facts of a section, its completeness, names of variables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct, to_builtins

from envsnap.intake.many import Part
from envsnap.model.fields import COMPARED, Field, Kind, Section, plan
from envsnap.model.host import EnvVars
from envsnap.model.paths import Path
from envsnap.model.ranks import stripped
from envsnap.rules import peers

# Sections that describe the machine, also where they say nothing.
MACHINE = ("gpus", "driver", "rocm")
UNTOLD = ("timeout", "denied", "refused", "error")
KEYED = "; hmac-sha256 "  # what `redact` writes before a digest made with a key
CHOSEN = ("redacted", "not asked")


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
    section = stripped(part.section)
    facts: dict[Kind, list[tuple[str, Any]]] = {kind: [] for kind in COMPARED}
    soft: dict[Path, Any] = {}
    for path, value, kind in leaves(part.name, section):
        if path in left_out or path[:1] in left_out or peers.is_own(path, value):
            continue
        if peers.is_soft(path):
            soft[path] = peers.softened(path, value)
        else:
            facts[kind].append(("\0".join(path), value))
    known: list[Any] = [section.complete]
    known.append(sorted(_left_open(section.gaps)))
    if isinstance(section, EnvVars) and (part.name,) not in left_out:
        known.append(sorted((peers.variables(section) or set()) - {*peers.DEFAULTS}))
    machine = part.name in MACHINE
    return Shape(
        hardware=_digest([facts[Kind.HOST], known if machine else None]),
        software=_digest([facts[Kind.PORTABLE], None if machine else known]),
        soft=soft,
        untold=tuple(
            (f"{part.name}.{path}", why)
            for path, why in section.gaps.items()
            if why.startswith(UNTOLD)
        ),
    )


def _left_open(gaps: dict[str, str]) -> Iterator[str]:
    """What a section could not tell; of what was left out on purpose its keyed digest, if any."""
    for path, why in gaps.items():
        keyed = why.rpartition(KEYED)[2] if why.startswith("redacted") and KEYED in why else ""
        if keyed or not why.startswith(CHOSEN):
            yield f"{path}\0{keyed}"


def spelled(name: str, shape: Shape) -> tuple[bytes, str]:
    """A shape's key, and its soft facts as JSON; quantities are a host's own."""
    soft = json.dumps(
        sorted([list(path), value] for path, value in shape.soft.items() if path[0] != "system")
    )
    return b"".join((name.encode(), shape.hardware, shape.software, soft.encode())), soft


def leaves(name: str, section: Section) -> Iterator[tuple[Path, Any, Kind]]:
    """Every compared fact of a section as plain data: its path, its value, its kind."""
    yield from _record((name,), section)


def _record(path: Path, record: Struct) -> Iterator[tuple[Path, Any, Kind]]:
    for field in plan(type(record)):
        value = getattr(record, field.name)
        if value is UNSET or field.kind not in COMPARED:
            continue
        yield from _field(path if field.is_entries else (*path, field.name), value, field)


def _field(path: Path, value: Any, field: Field) -> Iterator[tuple[Path, Any, Kind]]:
    if isinstance(value, Struct):
        yield from _record(path, value)
    elif field.is_map and isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, Struct):
                # An entry that says nothing is there all the same.
                yield (*path, key), True, Kind.HOST if path[0] in MACHINE else field.kind
                yield from _record((*path, key), item)
            else:
                yield (*path, key), to_builtins(item), field.kind
    else:
        yield path, to_builtins(value), field.kind


def _digest(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
