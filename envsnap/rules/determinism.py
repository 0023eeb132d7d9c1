"""Determinism and precision switches differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

THREADS = ("threads", "interop_threads")


class Determinism(Rule):
    """A switch that decides how numbers are computed is set otherwise.

    TF32 and reduced-precision sums keep ten bits of a product's mantissa; cudnn.benchmark
    chooses kernels by timing them; deterministic algorithms replace others. Two programs whose
    switches differ are not expected to agree.

    Fix: set the switch alike at the start of the program.
    """

    id = "determinism"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a switch."""
        for change in list(comparison.under("determinism")):
            key = change.path[-1]
            if key in THREADS:
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.NUMERICS,
                confidence=Confidence.LIKELY,
                path=change.path,
                message=f"{key}: {change.left} -> {change.right}",
                why="It decides how numbers are computed.",
                fix=f"Set it to {change.left} at the start of the program.",
                reference="https://docs.pytorch.org/docs/stable/notes/randomness.html",
                left=change.left,
                right=change.right,
                changes=(change.path,),
            )
