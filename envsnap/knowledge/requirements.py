"""Which distributions require which: as metadata spells it, and as it did where it was read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from envsnap.knowledge.names import canonical
from envsnap.knowledge.tables import table

NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]{0,100})")


def named(stated: Iterable[str]) -> list[str]:
    """The distributions that requirements name, canonically: `numpy>=1.20; extra == "x"`."""
    found = (NAME.match(text) for text in stated)
    names = (canonical(match[1]) for match in found if match)
    return [name for name in names if name]


def usual(name: str) -> list[str]:
    """What a distribution mostly requires, for lists that state names and versions alone."""
    return [str(item) for item in table("requirements")["rows"].get(name, ())]
