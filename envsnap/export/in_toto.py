"""The in-toto Statement v1 about a manifest: the one that `envsnap sign` signs."""

from __future__ import annotations

from envsnap.attest import statement
from envsnap.export.form import Subject


def render(subject: Subject) -> str:
    """Write the statement over the manifest's file and its fingerprint."""
    return statement.of_file(subject.data, subject.data, subject.name).decode("ascii")
