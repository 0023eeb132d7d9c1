"""What is generated from the code: pages of docs/, and the list of all texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from envsnap.cli import help_pages
from envsnap.rules import registry
from tools import command_pages, cost_page, list_pages, manifest_page, rule_pages, texts

ROOT = Path(__file__).parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "docs/commands.md": command_pages.page,
    "docs/rules.md": rule_pages.index,
    **{f"docs/rules/{entry.id}.md": partial(rule_pages.page, entry) for entry in registry.REGISTRY},
    "docs/manifest.md": manifest_page.page,
    "docs/exit-codes.md": list_pages.exit_codes,
    "docs/formats-and-forms.md": list_pages.formats_and_forms,
    "docs/python.md": list_pages.python,
    "docs/errors.md": help_pages.page,
    "docs/cost.md": cost_page.page,
    "docs/index.md": list_pages.home,
    "tests/docs/texts.txt": texts.page,
}


def write() -> None:
    """Write every page anew, and remove pages of rules that are gone."""
    for path, page in PAGES.items():
        (ROOT / path).write_text(page())
    for path in stale():
        (ROOT / path).unlink()


def stale() -> list[str]:
    """Pages of rules that are no longer there."""
    found = {f"docs/rules/{path.name}" for path in (ROOT / "docs/rules").glob("*.md")}
    return sorted(found - PAGES.keys())
