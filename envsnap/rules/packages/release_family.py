"""Distributions that are released together have releases of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from envsnap.knowledge.releases import version as parsed
from envsnap.knowledge.tables import source, table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import given, packages, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

WORDS = {
    "same": "goes with {other} of the same release",
    "minor": "goes with {other} of the same minor release",
    "not-newer": "is newer than the {other} that it needs",
}
LABELS = {"same": "{mine}", "minor": "{mine}", "not-newer": "{mine} or newer"}


class ReleaseFamily(Rule):
    """A distribution is not of the release of the one that it is released with.

    gRPC, OpenTelemetry, Dask, MLflow, FlashInfer and their like are one project in several
    distributions. Each asks for the others of its own release, or of none that is older. An
    upgrade of one of them alone ends in a name that is missing, or in a check of versions. A list
    of packages does not hold what they require, so that a table says it.

    Fix: install all of the family in one release.
    """

    id = "release-family"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a member that does not go with the rest."""
        told: set[str] = set()
        for row in table("release_families")["rows"]:
            base = version(manifest, row["with"])
            if base is None or parsed(base) is None:
                continue
            for name, package in packages(manifest).items():
                mine = package.version
                if name in told or name == row["with"] or not isinstance(mine, str):
                    continue
                if given(package.requires) is None and _is_misfit(row, name, mine, base):
                    told.add(name)
                    yield self._finding(row, name, mine, base)

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """Of two that do not go together, the one that differs is what made the other side fail."""
        moved = (*finding.cites[0], "version")
        if finding.changes or comparison.at(*moved) is None:
            return finding
        return replace(finding, path=moved, changes=(moved,), cites=(finding.path,))

    def _finding(self, row: dict[str, Any], name: str, mine: str, base: str) -> Finding:
        other = row["with"]
        wanted = LABELS[row["how"]].format(mine=mine)
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "version"),
            message=f"{name} {mine} {WORDS[row['how']].format(other=other)}, and {base} is here",
            why="They are one project in several distributions, and call each other's inner parts.",
            fix=f"Install {name} and {other} in one release.",
            source=source("release_families", row["source"]),
            expected=f"{other} {wanted}",
            cites=(("packages", other),),
        )


def _is_misfit(row: dict[str, Any], name: str, mine: str, base: str) -> bool:
    """Whether a row is about a distribution, and its release does not go with the other's."""
    if not any(_is_named(member, name) for member in row["members"]):
        return False
    here, there = parsed(mine), parsed(base)
    if here is None or ("from" in row and here < parsed(row["from"])):
        return False
    if row["how"] == "same":
        return bool(here != there)
    if row["how"] == "minor":
        return bool(here.release[:2] != there.release[:2])
    return bool(here.release[:2] > there.release[:2])


def _is_named(member: str, name: str) -> bool:
    return name.startswith(member[:-1]) if member.endswith("*") else name == member
