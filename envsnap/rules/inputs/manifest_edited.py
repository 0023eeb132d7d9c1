"""A manifest was changed after capture."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import SCHEMA_REVISION, Manifest, present
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class ManifestEdited(Rule):
    """A section's digest is not the digest of its facts.

    Every section carries the SHA-256 of its facts. Another one means that the file was edited
    after capture, by hand or by a program. A manifest of a newer revision is not judged: it may
    hold facts that this envsnap does not know.

    Fix: capture again, if you did not edit it yourself.
    """

    id = "manifest-edited"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Say nothing: hashing both manifests anew would cost every diff; `check` does it."""
        return iter(())

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a section."""
        if manifest.schema_revision > SCHEMA_REVISION:
            return
        from envsnap.model.digests import section_digest

        for name, section in present(manifest.sections).items():
            if isinstance(section.digest, str) and section.digest != section_digest(section):
                yield Finding(
                    rule=self.id,
                    severity=Severity.INFO,
                    effect=Effect.NONE,
                    confidence=Confidence.CERTAIN,
                    path=(name, "digest"),
                    message=f"section {name} was changed after capture",
                    why="Its digest is not the digest of its facts.",
                    fix="Capture again, if you did not edit it yourself.",
                    reference=section.digest,
                )
