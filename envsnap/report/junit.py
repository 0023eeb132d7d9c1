"""JUnit XML: a suite a manifest that was judged, and a test case a finding."""

from __future__ import annotations

from envsnap.export import junit
from envsnap.report import document


def render(report: document.Report) -> str:
    """Write the file."""
    reference = report.reference.name if report.reference is not None else None
    return junit.document(
        [
            junit.suite(item.side.name, reference, item.side.created_at, item.result)
            for item in report.judged
        ]
    )
