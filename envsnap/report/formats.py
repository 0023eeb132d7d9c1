"""The formats a report can be written in, by the names of the command line."""

from __future__ import annotations

from envsnap.report import document


def render(
    report: document.Report, name: str, *, color: bool, width: int | None, ascii_only: bool
) -> str:
    """Write a report in terminal, markdown or json; only the terminal's uses the keyword arguments."""
    if name == "json":
        from envsnap.report import json_report

        return json_report.render(report)
    if name == "markdown":
        from envsnap.report import markdown

        return markdown.render(report)
    from envsnap.report import terminal

    return terminal.render(report, color=color, width=width, ascii_only=ascii_only)
