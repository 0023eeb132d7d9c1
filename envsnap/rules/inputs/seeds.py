"""Seeds or random states differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.diff.change import Change
from envsnap.model.paths import Path, text
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class Seeds(Rule):
    """A seed differs, is set on one side only, or a generator is in another state.

    Another seed gives other samples, dropout masks and initial weights. A state that differs
    although the seed is the same means that something drew numbers in between.

    Fix: set the same seed on both sides, and draw in the same order.
    """

    id = "seeds"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a seed or state, with the config value it comes from."""
        for change in list(comparison.under("seeds")):
            same = [
                other.path
                for other in comparison.under("configs")
                if text(other.path[1:]) == change.path[-1]
            ]
            if change.path == ("seeds", "PYTHONHASHSEED"):
                same.extend(other.path for other in comparison.under("env_vars", "PYTHONHASHSEED"))
            yield self._finding(change, same)

    def _finding(self, change: Change, same: list[Path]) -> Finding:
        state = len(change.path) > 2
        name = change.path[-1]
        what = f"the random state of {name}" if state else f"the seed {name}"
        values = " differs" if state else f": {_shown(change.left)} -> {_shown(change.right)}"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=change.path,
            message=f"{what}{values}",
            why="Samples, dropout masks and initial weights come from it.",
            fix="Set the same seed on both sides.",
            left=change.left,
            right=change.right,
            changes=(change.path, *same),
        )


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)[:60]
