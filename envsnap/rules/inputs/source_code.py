"""The code's commit differs."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import spelled
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class SourceCode(Rule):
    """The repository around the captured folder is at another commit, or has local changes.

    Other code gives other results, whatever the environments are.

    Fix: check out the same commit, and commit or drop local changes.
    """

    id = "source-code"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the commit and one for local changes."""
        for key, what in (
            ("commit", "the code's commit:"),
            ("dirty", "the code has local changes:"),
        ):
            change = comparison.at("git", key)
            if change is None:
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.BEHAVIOR,
                confidence=Confidence.POSSIBLE,
                path=change.path,
                message=f"{what} {_shown(change.reference)} -> {_shown(change.other)}",
                why="Other code gives other results, whatever the environments are.",
                fix="Check out the same commit on both sides, without local changes.",
                changes=(change.path,),
            )


def _shown(value: object) -> str:
    return spelled(value)[:12]
