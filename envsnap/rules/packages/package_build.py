"""One package version, two builds."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.roles import role
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

CONTENT = ("record_sha256", "wheel_tags", "origin", "conda", "editable")


class PackageBuild(Rule):
    """A distribution has the same version on both sides, but other files.

    The version number does not tell a wheel from a local build, or one wheel from another.
    The digest of RECORD does: another digest means that other files were installed. Different
    wheel tags explain it where interpreters or machines differ.

    Fix: install the artifact of the reference; its wheel tags and origin are in the manifest.
    """

    id = "package-build"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution whose version is equal."""
        other_python = comparison.at("python", "soabi") or comparison.at("python", "version")
        by_name: dict[str, list[Change]] = {}
        for change in list(comparison.under("packages")):
            if len(change.path) > 2 and change.path[2] in CONTENT:
                by_name.setdefault(change.path[1], []).append(change)
        for name, found in by_name.items():
            if comparison.at("packages", name, "version") is None:
                yield self._finding(name, found, other_python is not None)

    def _finding(self, name: str, found: list[Change], other_python: bool) -> Finding:
        keys = {change.path[2] for change in found}
        tags = "wheel_tags" in keys
        expected = tags and other_python
        matters = role(name) == "numerics" and not expected
        first = next((item for item in found if item.path[2] == "wheel_tags"), found[0])
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters or "editable" in keys else Severity.INFO,
            effect=Effect.NUMERICS if role(name) == "numerics" else Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=first.path,
            message=(
                f"{name}: the wheel for another Python"
                if expected
                else f"{name}: one version, other files ({', '.join(sorted(keys))})"
            ),
            why=(
                "Other interpreters take other wheels of one release."
                if expected
                else "Another artifact was installed under the same version."
            ),
            fix="" if expected else f"Install the reference's artifact of {name}.",
            changes=tuple(change.path for change in found),
        )
