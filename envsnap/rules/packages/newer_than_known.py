"""A release is newer than what envsnap knows."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import ages
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

MOST_TOLD = 6
Release = tuple[str, str, str]  # name, what is installed, the newest that the tables know


def _newer(manifest: Manifest) -> list[Release]:
    return [
        (name, installed, known)
        for name in packages(manifest)
        if (installed := version(manifest, name))
        and (known := ages.newer_than_known(name, installed))
    ]


class NewerThanKnown(Rule):
    """A release is newer than envsnap's tables.

    What a release changed, what it was built against and what it needs are tables with a date
    (`envsnap explain --tables`). They say nothing about later releases, and envsnap does not guess:
    the absence of a finding proves nothing. Rules that read files (link-check, requirements) still
    apply.

    Fix: use a newer envsnap, or read the release's own notes.
    """

    id = "newer-than-known"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding for all of them."""
        yield from self._about(_newer(manifest))

    def news(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield what the other side has in a release that the reference does not have."""
        reference = comparison.reference
        yield from self._about(
            [item for item in _newer(comparison.other) if version(reference, item[0]) != item[1]]
        )

    def _about(self, newer: list[Release]) -> Iterator[Finding]:
        if not newer:
            return
        told = [f"{name} {installed} (known to {known})" for name, installed, known in newer]
        more = len(told) - MOST_TOLD
        yield Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=("packages", newer[0][0], "version"),
            message=f"newer than what envsnap knows ({ages.read_on()[:7]}): "
            f"{', '.join(told[:MOST_TOLD])}" + (f" and {more} more" if more > 0 else ""),
            why="The tables say nothing about later releases, and envsnap does not guess.",
            fix="Use a newer envsnap, or read the release's notes.",
            cites=tuple(("packages", name) for name, _, _ in newer[1:]),
        )
