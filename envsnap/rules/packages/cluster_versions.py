"""Nodes of one cluster run different releases."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.reading import version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class ClusterVersions(Rule):
    """A distribution whose processes talk to each other has different releases.

    Ray, Dask, Spark and their like exchange pickled objects between nodes and check, or assume,
    that every process runs one release; Ray and Spark also need the same Python. A difference that
    is harmless between two programs stops a cluster.

    Fix: install the same release, with the same Python, on every node.
    """

    id = "cluster-versions"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution, and one for Python where it has to be equal."""
        for row in table("cluster_packages")["rows"]:
            name = row["distribution"]
            if not version(comparison.reference, name) or not version(comparison.other, name):
                continue
            sure = is_trusted(row["basis"])
            change = comparison.at("packages", name, "version")
            if change is not None:
                yield self._finding(comparison, change, f"{name} {change.told}", sure)
            python = comparison.at("python", "version")
            if python is not None and row["python"]:
                yield self._finding(
                    comparison,
                    python,
                    f"Python {python.told} in a {name} cluster",
                    sure,
                )

    def _finding(self, comparison: Comparison, change: Change, message: str, sure: bool) -> Finding:
        package = change.path[:2] if change.path[0] == "packages" else change.path
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
            path=change.path,
            message=message + ("" if sure else " (unverified)"),
            why="Processes of one cluster have to run one release; between separate programs it "
            "does not matter.",
            fix="Install the same release, with the same Python, on every node.",
            changes=tuple(item.path for item in comparison.under(*package)),
        )
