"""Hooks of mkdocs: the home page, and the pages that the navigation does not name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RULES = "rules/"


def on_config(config: Any) -> Any:
    """Add pages that the navigation does not name: rules to the reference, others to the how-tos."""
    config["nav"] = with_the_rest(config["nav"], pages())
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Show a session's commands as a shell's; `run` and `title` belong to our tests."""
    return re.sub(r"^```console.*$", "```console", markdown, flags=re.MULTILINE)


def pages() -> list[str]:
    """Every page below docs/, by its path there."""
    folder = ROOT / "docs"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.md"))


def with_the_rest(nav: list[Any], found: list[str]) -> list[Any]:
    """The navigation, with what it does not name at the end of the section where it belongs."""
    named = set(_named(nav))
    rest = [page for page in found if page not in named]
    rules = [page for page in rest if page.startswith(RULES)]
    others = [page for page in rest if page not in rules]
    sections = {next(iter(item)): item for item in nav if isinstance(item, dict)}
    sections["How to"]["How to"].extend(others)
    if rules:
        sections["Reference"]["Reference"].append({"Rules, one by one": rules})
    return nav


def _named(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    items = nav.values() if isinstance(nav, dict) else nav
    return [page for item in items for page in _named(item)]
