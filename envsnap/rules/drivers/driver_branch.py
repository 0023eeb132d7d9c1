"""The driver belongs to a branch that NVIDIA no longer supports."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import drivers
from envsnap.knowledge.tables import is_trusted, source
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class DriverBranch(Rule):
    """The driver's branch had reached its end of life when the capture was made.

    NVIDIA supports each branch of the driver to a published month; later CUDA releases are not
    tested with it, and security fixes end.

    Fix: move to a supported branch (the long-term one, where the fleet allows it).
    """

    id = "driver-branch"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare the branch's last month with the month of the capture."""
        driver = stated(manifest, "driver", "version")
        if not isinstance(driver, str) or not manifest.created_at:
            return
        row = drivers.branch(driver)
        if row is None or manifest.created_at[:7] <= row["end_of_life"]:
            return
        sure = is_trusted(row["basis"])
        yield Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.SECURITY,
            confidence=Confidence.CERTAIN if sure else Confidence.POSSIBLE,
            path=("driver", "version"),
            message=f"driver {driver}: NVIDIA's support of branch {row['branch']} ended in {row['end_of_life']}"
            + ("" if sure else " (unverified)"),
            why="Fixes end there, and newer CUDA releases are not tested with it.",
            fix="Move to a supported branch of the driver.",
            source=source("driver_branches", row["source"]),
        )
