"""The formats a report can be written in, by the names of the command line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envsnap.report import document

NAMES = ("terminal", "markdown", "html", "json", "sarif", "github", "junit", "fix")
# Formats that name lines of the manifest's file; the first cannot do without one.
IN_FILES = ("sarif", "github")


def render(
    report: document.Report, name: str, *, color: bool, width: int | None, ascii_only: bool
) -> str:
    """Write a report in one of NAMES; only the terminal's format uses the keyword arguments."""
    if name == "terminal":
        from envsnap.report import terminal

        return terminal.render(report, color=color, width=width, ascii_only=ascii_only)
    module = "json_report" if name == "json" else name
    text = import_module(f"envsnap.report.{module}").render(report)
    assert isinstance(text, str)
    if name in ("json", "sarif"):
        from envsnap.report.sanitize import in_json

        return in_json(text)
    return text
