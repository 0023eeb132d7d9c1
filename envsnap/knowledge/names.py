"""Names of distributions, as indexes compare them."""

from __future__ import annotations

import re

SEPARATORS = re.compile(r"[-_.]+")


def canonical(name: str) -> str:
    """Spell a distribution's name as the package index compares it (PEP 503)."""
    return SEPARATORS.sub("-", name).lower()
