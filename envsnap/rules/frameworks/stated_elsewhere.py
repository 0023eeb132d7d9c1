"""A version that a report states of a framework, and a list of packages of its distribution."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import releases
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import entries, frameworks, given, version
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
            reports = [_in_report(side, name) for side in sides]
            lists = [_in_list(side, name) for side in sides]
            if all(reports) or all(lists):
                continue  # they are compared with one another
            one, two = (lists[place] or reports[place] for place in (0, 1))
            if one and two and _public(one[1], two[1]) != _public(two[1], one[1]):
                yield self._finding(name, one, two)

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


def _in_report(manifest: Manifest, name: str) -> tuple[Path, str] | None:
    """The version that a framework tells of itself, and where."""
    entry = frameworks(manifest).get(name)
    told = given(entry.version) if entry is not None else None
    return (("frameworks", name, "version"), told) if isinstance(told, str) else None


def _in_list(manifest: Manifest, name: str) -> tuple[Path, str] | None:
    """The version of its distribution, and where: installed, or asked for."""
    key = distribution_of(name)
    asked = entries(manifest, "wanted").get(key)
    for section, told in (
        ("packages", version(manifest, key)),
        ("wanted", given(asked.version) if asked is not None else None),
    ):
        if isinstance(told, str):
            return (section, key, "version"), told
    return None


def _public(release: str, other: str) -> str:
    """A release without its label, where the other one has none."""
    return release if "+" in other else release.partition("+")[0]
