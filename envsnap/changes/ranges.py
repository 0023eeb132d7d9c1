"""Ranges of versions, as PEP 440 and poetry have them."""

from __future__ import annotations

import re

WILD = re.compile(r"(?:={1,2})?\s*([0-9]{1,9}(?:\.[0-9]{1,9})*)\.\*")
COMPATIBLE = re.compile(r"~=\s*(([0-9]{1,9}(?:\.[0-9]{1,9})*)\.[0-9]{1,9})")


def in_range(specifier: str, version: str, *, otherwise: bool | None) -> bool | None:
    """Whether a version is in a range; `otherwise` where one of them cannot be read."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except ValueError:
        return otherwise


def plain_range(bounds: str) -> str:
    """A range of poetry's as PEP 440: `^3.9` is at least that and below the next major one."""
    caret = re.fullmatch(r"\^([0-9]{1,9})((?:\.[0-9]{1,9})*)", bounds.strip())
    return f">={caret[1]}{caret[2]},<{int(caret[1]) + 1}" if caret is not None else bounds


def is_one_range(one: str, two: str) -> bool:
    """Whether two spellings are of one range: `<2` is `<2.0`, `1.26.*` is at least 1.26 and below 1.27."""
    from packaging.specifiers import SpecifierSet

    parts = [
        sorted(_bounded(part) for part in plain_range(bounds).split(",") if part.strip())
        for bounds in (one, two)
    ]
    if parts[0] == parts[1]:
        return True
    try:
        mine, theirs = (SpecifierSet(",".join(found)) for found in parts)
    except ValueError:
        return False
    return mine == theirs


def _bounded(part: str) -> str:
    """One clause of a range; one that names its end by a star or as compatible, by both its ends."""
    part = part.strip().replace(" ", "")
    if (found := WILD.fullmatch(part)) is not None:
        begin = shared = found[1]
    elif (found := COMPATIBLE.fullmatch(part)) is not None:
        begin, shared = found[1], found[2]
    else:
        return part
    head, _, last = shared.rpartition(".")
    return f">={begin},<{head}{'.' if head else ''}{int(last) + 1}"
