"""Ranges of versions, as PEP 440 and poetry have them."""

from __future__ import annotations

import re


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
