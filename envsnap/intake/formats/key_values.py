"""The one reader of reports that say "key: value": a table a kind tells what a key means.

A report is a block of lines. Where it begins, which marks stand before its keys and what ends it
is told by its kind; keys that a table does not know are left alone, or are distributions where
the kind says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from envsnap.intake.formats import machine, names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source

Take = Callable[[Draft, str], None]
GPU_KEY = re.compile(r"^GPU ((?:\d{1,3})(?:,\s?\d{1,3})*)$")
CAPABILITY_KEY = re.compile(r"^GPU ((?:\d{1,3})(?:,\s?\d{1,3})*) Compute Capability$")


class Kind(Struct, frozen=True, kw_only=True):
    """How one program writes its report.

    `pair` has the groups key and value; `table` says what keys (in lower case) mean; with
    `packages` a key that can be a distribution's name, with a version behind it, is one.
    """

    pair: re.Pattern[str]
    table: dict[str, Take]
    packages: bool = False
    aliases: dict[str, str] = {}


def pairs(kind: Kind, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The keys and values of a block."""
    for line in lines:
        found = kind.pair.match(line)
        if found is not None:
            yield found["key"].strip().strip("`* "), (found["value"] or "").strip()


def read(draft: Draft, kind: Kind, lines: Iterable[str]) -> None:
    """Add what a block says."""
    for key, value in pairs(kind, lines):
        take = kind.table.get(key.lower())
        gpus, capability = GPU_KEY.match(key), CAPABILITY_KEY.match(key)
        if take is not None:
            take(draft, value)
        elif gpus is not None:
            for index in numbers(gpus[1]):
                machine.gpu_name(draft, index, value)
        elif capability is not None and re.fullmatch(r"\d{1,2}\.\d", value):
            from envsnap.model.compute import Gpu

            for index in numbers(capability[1]):
                draft.gpu(index, Gpu(compute_capability=value))
        elif kind.packages and names.is_name(key):
            machine.package(draft, kind.aliases.get(key, key), value)


def numbers(text: str) -> list[int]:
    """The indices in `0,1,2`."""
    return [int(part) for part in text.split(",")]


def block(
    source: Source, begin: re.Pattern[str], end: re.Pattern[str] | None = None
) -> list[list[str]]:
    """The blocks of a text that begin with a line and end at another, or at the next beginning."""
    lines = list(source.unlogged)
    starts = [place for place, line in enumerate(lines) if begin.match(line)]
    found = []
    for number, start in enumerate(starts):
        last = starts[number + 1] if number + 1 < len(starts) else len(lines)
        stop = last
        if end is not None:
            stop = next(
                (place for place in range(start + 1, last) if end.match(lines[place])), last
            )
        found.append(lines[start:stop])
    return found


def of(name: str) -> Take:
    """What a key means that holds a distribution's version."""

    def take(draft: Draft, value: str) -> None:
        machine.package(draft, name, value)

    return take
