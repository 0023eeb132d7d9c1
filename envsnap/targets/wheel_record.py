"""The digest of a wheel's RECORD, by the very definition that the probe uses in the target.

A wheel lists what installing moves: `NAME.data/purelib/` and `platlib/` land beside the package,
everything else below `.data/` lands outside, where the probe does not look.
"""

from __future__ import annotations

import re

from envsnap.probe.collectors import records

MOVED = re.compile(rb"^[^/,]+\.data/(?:purelib|platlib)/")
OUTSIDE = re.compile(rb"^[^/,]+\.data/(?!purelib/|platlib/)")


def digest(record: bytes, folder: str) -> str | None:
    """Return what the probe would say of an installation of this wheel; `folder` is its dist-info."""
    lines = [
        MOVED.sub(b"", line)
        for line in record.splitlines()
        if not OUTSIDE.match(line.removeprefix(b'"'))
    ]
    found: str | None = records.digest(b"\n".join(lines), folder)
    return found
