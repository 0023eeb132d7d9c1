"""An installed release has a defect that a later one mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from envsnap.knowledge import releases
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, version
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Comparison, Rule


class KnownBadRelease(Rule):
    """An installed release is known to have a grave defect, and a later release mended it.

    The table of release changes says from which release to which a package had the defect: wrong
    numbers, hangs, crashes, far more memory. Whether this program meets it is not known, so it is
    a warning at most.

    Fix: install the release that mended it.
    """

    id = "known-bad-release"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a distribution, of its gravest defect."""
        for name in packages(manifest):
            installed = version(manifest, name)
            rows = releases.defects(name, installed) if installed else []
            if installed is not None and rows:
                yield self._finding(name, installed, rows)

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """A defect that came with a step, and that nothing announces, is a likely cause."""
        if finding.changes and finding.effect.value in releases.SILENT:
            return replace(finding, confidence=Confidence.LIKELY)
        return finding

    def _finding(self, name: str, installed: str, rows: list[dict[str, Any]]) -> Finding:
        first, *others = rows
        told = "; ".join(releases.told(row) for row in others)
        symptom = f" It shows as: {first['symptom']}." if first.get("symptom") else ""
        more = f" Also: {told}." if told else ""
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect(first["effect"]),
            confidence=Confidence.POSSIBLE,
            path=("packages", name, "version"),
            message=f"{name} {installed} has a known defect: {releases.told(first)}",
            why=f"Releases from {first['from']} up to {first['to']} have it.{symptom}{more}",
            fix=f"Install {name} {first['to']} or newer, or one before {first['from']}.",
            remedy=Remedy(install=(f"{name}>={first['to']}",)),
            source=releases.source(first),
        )
