"""Recipes run with the programs that they are for; what cannot run here says so in its page."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import lacking

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "recipes"


def tool(name: str, package: str) -> str:
    """A program of Debian's; skips where it is not installed."""
    found = shutil.which(name)
    if found is None:
        lacking(f"{name} is not installed (Debian's {package})")
    return found
