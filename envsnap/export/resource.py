"""What names an environment in traces, logs and experiment trackers: few and bounded values."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.plain_text import plain

LONGEST = 255
FINGERPRINT, LABEL = "envsnap.fingerprint", "envsnap.label"


def attributes(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield names and values: the fingerprint always, the rest where it is known."""
    yield FINGERPRINT, manifest.fingerprint
    if manifest.label:
        yield LABEL, plain(manifest.label)[:LONGEST]
    if manifest.created_at:
        yield "envsnap.captured_at", plain(manifest.created_at)[:LONGEST]
