"""`pip show` and `uv pip show`: what is installed of the distributions that were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Package

FIELD = re.compile(r"^(?P<key>[A-Z][A-Za-z-]{2,20}(?: [a-z]{2,10}){0,2}):(?: (?P<value>.*))?$")
MISSING = re.compile(r"^(?:WARNING|warning): Package\(s\) not found(?: for)?: (?P<names>.+)$")


def recognise(source: Source) -> bool:
    """A block with what only the command tells: where it lies, and what it requires."""
    return any(
        {"Name", "Version", "Location", "Requires"} <= set(block) for block in _blocks(source)
    )


def _blocks(source: Source) -> Iterator[dict[str, str]]:
    """The fields of each distribution: a block begins with its name."""
    block: dict[str, str] = {}
    for line in source.bare:
        found = FIELD.match(line.strip())
        if found is None:
            continue
        if found["key"] == "Name":
            yield block
            block = {}
        block.setdefault(found["key"], (found["value"] or "").strip())
    yield block


def read(source: Source) -> Draft:
    """The versions, and that a distribution is editable; of one that is missing, that it is."""
    draft = Draft("the output of pip show", "installed")
    known: dict[str, str] = {}
    for block in _blocks(source):
        name, version = block.get("Name", ""), block.get("Version", "")
        if not names.is_name(name) or not names.is_version(version):
            continue
        if known.setdefault(canonical(name), version) != version:
            raise RefusedError(
                f"{source.name}: shows two versions of {name}; put what pip show says of each"
                " environment into a file of its own"
            )
        editable = True if block.get("Editable project location") else UNSET
        draft.package(canonical(name), Package(version=version, editable=editable))
    for line in source.bare:
        missing = MISSING.match(line.strip())
        for name in missing["names"].split(", ") if missing is not None else ():
            if names.is_name(name):
                draft.gap("packages", (canonical(name),), "absent: pip does not find it")
    if source.cut:
        draft.leave_end(source.cut)
    return draft
