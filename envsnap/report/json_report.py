"""The report as JSON; its schema is `envsnap schema report`."""

from __future__ import annotations

from envsnap.model.json_text import indented
from envsnap.report import document, encode


def render(report: document.Report) -> str:
    """Write indented ASCII JSON."""
    return indented(encode.data(report)) + "\n"
