"""Where the findings of a report stand: a file, as others write its name, and a line."""

from __future__ import annotations

from envsnap.model import lines
from envsnap.model.paths import Path
from envsnap.report import document


def found(item: document.Judged) -> dict[Path, int]:
    """Map the paths of all findings to lines of the manifest's file; empty for standard input."""
    if item.text is None:
        return {}
    return lines.find(item.text, {finding.path: finding.other for finding in item.result.findings})
