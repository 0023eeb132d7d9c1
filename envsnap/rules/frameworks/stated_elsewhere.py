"""A version that a report states of a framework, and a list of packages of its distribution."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import releases
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import entries, frameworks, given, packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.frameworks.framework_version import COMPUTES, STEADY, distribution_of
from envsnap.rules.rule import Comparison, Rule


class StatedElsewhere(Rule):
    """One side states a framework's version in a report, the other one in a list of packages.

    `transformers env` tells torch's own version, and `pip list` that of the distribution. They are
    one thing. A label behind the release (`+cu121`) counts only where both have one.

    Fix: install the reference's version.
    """

    id = "stated-elsewhere"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a framework of which the two versions differ."""
        sides = comparison.reference, comparison.other
        names = sorted({name for side in sides for name in frameworks(side)})
        for name in names:
            told = [_told(side, name) for side in sides]
            if None in told or {path[0] for path, _ in filter(None, told)} in (
                {"frameworks"}, {"packages", "wanted"}, {"packages"},
            ):  # fmt: skip
                continue
            (here, one), (there, two) = filter(None, told)
            if here[0] != there[0] and _public(one, two) != _public(two, one):
                yield self._finding(name, (here, one), (there, two))

    def _finding(self, name: str, here: tuple[Path, str], there: tuple[Path, str]) -> Finding:
        (path, one), (other, two) = here, there
        known = releases.between(distribution_of(name), one, two)
        is_small = distance(one, two) is Distance.PATCH and name in STEADY
        matters = name in COMPUTES and not is_small
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters or known else Severity.INFO,
            effect=Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=other,
            message=f"{name} {one} -> {two}"
            + (f": {releases.told(known[0], two)}" if known else ""),
            why="Kernels, defaults and random streams change between releases.",
            fix=f"Install {distribution_of(name)} {one}.",
            cites=(path,),
        )


def _told(manifest: Manifest, name: str) -> tuple[Path, str] | None:
    """Where a side states the version, and which; its list of packages before its report."""
    distribution = distribution_of(name)
    for section, found, key in (
        ("packages", packages(manifest), distribution),
        ("wanted", entries(manifest, "wanted"), distribution),
        ("frameworks", frameworks(manifest), name),
    ):
        entry = found.get(key)
        version = given(entry.version) if entry is not None else None
        if isinstance(version, str):
            return (section, key, "version"), version
    return None


def _public(version: str, other: str) -> str:
    """A version without its label, where the other one has none."""
    return version if "+" in other else version.partition("+")[0]
