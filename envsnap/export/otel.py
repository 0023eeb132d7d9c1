"""Resource attributes for OpenTelemetry, as the line that every SDK reads.

The values are percent-encoded, as the specification of OTEL_RESOURCE_ATTRIBUTES says.
"""

from __future__ import annotations

from urllib.parse import quote

from envsnap.export.form import Subject
from envsnap.export.resource import attributes


def render(subject: Subject) -> str:
    """Write `OTEL_RESOURCE_ATTRIBUTES=key=value,…`, for an environment file."""
    told = ",".join(f"{key}={quote(value, safe='')}" for key, value in attributes(subject.manifest))
    return f"OTEL_RESOURCE_ATTRIBUTES={told}\n"
