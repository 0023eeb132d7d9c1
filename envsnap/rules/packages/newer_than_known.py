"""A release is newer than what envsnap knows."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import ages, drivers
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import packages, stated, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.wording import few

MOST_TOLD = 6
Release = tuple[Path, str, str]  # the fact, what is there, the newest that the tables know


def _newer(manifest: Manifest) -> list[Release]:
    found: list[Release] = [
        (("packages", name, "version"), installed, known)
        for name in packages(manifest)
        if (installed := version(manifest, name))
        and (known := ages.newer_than_known(name, installed))
    ]
    driver = stated(manifest, "driver", "version")
    if isinstance(driver, str) and (known := drivers.newer_than_known(driver)):
        found.append((("driver", "version"), driver, f"branch {known}"))
    return found


class NewerThanKnown(Rule):
    """A release, or a driver's branch, is newer than envsnap's tables.

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
        known = {item[:2] for item in _newer(comparison.reference)}
        yield from self._about([item for item in _newer(comparison.other) if item[:2] not in known])

    def _about(self, newer: list[Release]) -> Iterator[Finding]:
        if not newer:
            return
        told = [f"{path[-2]} {installed} (known to {known})" for path, installed, known in newer]
        yield Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=newer[0][0],
            message=f"newer than what envsnap knows ({ages.read_on()[:7]}): {few(told, MOST_TOLD)}",
            why="The tables say nothing about later releases, and envsnap does not guess.",
            fix="Use a newer envsnap, or read the release's notes.",
            cites=tuple(path[:-1] if path[0] == "packages" else path for path, _, _ in newer[1:]),
        )
