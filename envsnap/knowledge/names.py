"""Names of distributions, as indexes compare them."""

from __future__ import annotations

import re


def canonical(name: str) -> str:
    """Spell a distribution's name as the package index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
