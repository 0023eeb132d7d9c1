"""Machine architectures differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class Architecture(Rule):
    """The machines have different architectures or operating systems.

    x86_64 and aarch64 run other wheels with other math libraries; images and compiled files of
    one do not start on the other.

    Fix: build for the architecture that production has, and compare there.
    """

    id = "architecture"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the architecture and one for the platform."""
        for key in ("architecture", "platform"):
            change = comparison.at("system", key)
            if change is None:
                continue
            follow = comparison.at("python", "platform")
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.NUMERICS,
                confidence=Confidence.CERTAIN,
                path=change.path,
                message=f"the {key}: {change.told}",
                why="Other wheels, other math libraries; compiled files of one do not run on the other.",
                fix="Compare on the architecture that production has.",
                changes=(change.path, *((follow.path,) if follow else ())),
            )
