"""The in-toto Statement v1 about a manifest: the one that `envsnap sign` signs."""

from __future__ import annotations

from envsnap.attest import statement
from envsnap.export.form import Subject
from envsnap.intake import contents


def render(subject: Subject) -> str:
    """Write the statement over the manifest's file, as it lies there, and its fingerprint."""
    text = contents.plain(subject.data)
    return statement.of_file(subject.data, text, subject.name).decode("ascii")
