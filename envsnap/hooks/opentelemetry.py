"""OpenTelemetry: every span, metric and log line carries the environment's fingerprint.

OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=envsnap opentelemetry-instrument python serve.py
"""

from __future__ import annotations

from opentelemetry.sdk.resources import Resource, ResourceDetector

from envsnap.export.resource import attributes
from envsnap.hooks import environment


class EnvironmentDetector(ResourceDetector):  # type: ignore[misc]
    """The environment as attributes of a resource: `envsnap.fingerprint`, `envsnap.label`."""

    def detect(self) -> Resource:
        """Describe the interpreter; an empty resource where that failed or hooks are off."""
        manifest = environment.of_interpreter() if environment.is_on() else None
        return Resource(dict(attributes(manifest)) if manifest is not None else {})
