"""A fleet's verdict in every format, by the names of the command line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envsnap.fleet.verdict import Verdict

NAMES = ("terminal", "markdown", "html", "json", "junit", "prometheus")


def render(verdict: Verdict, name: str, *, color: bool = False, ascii_only: bool = False) -> str:
    """Write a verdict in one of NAMES; only the terminal's format uses the keyword arguments."""
    if name == "terminal":
        from envsnap.report.fleet import terminal

        return terminal.render(verdict, color=color, ascii_only=ascii_only)
    text = import_module(f"envsnap.report.fleet.{name}_page").render(verdict)
    assert isinstance(text, str)
    return text
