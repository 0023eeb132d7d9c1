"""The report as JSON; its schema is `envsnap schema report`."""

from __future__ import annotations

import json

import msgspec

from envsnap.report import document, encode


def render(report: document.Report) -> str:
    """Write indented ASCII JSON."""
    return json.dumps(msgspec.to_builtins(encode.data(report)), indent=2, ensure_ascii=True) + "\n"
