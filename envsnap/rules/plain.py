"""The finding of a change that no rule explains: it is stated, with its path's default severity."""

from __future__ import annotations

from envsnap.changes.change import Change, ChangeKind
from envsnap.model.paths import text
from envsnap.rules.finding import Confidence, Effect, Finding, Severity

ID = "difference"


def finding(change: Change) -> Finding:
    """State a change."""
    return Finding(
        rule=ID,
        severity=Severity.INFO,
        effect=Effect.NONE,
        confidence=Confidence.POSSIBLE,
        path=change.path,
        message=f"{text(change.path)} {_verb(change)}",
        why="No rule knows an effect of this difference.",
        changes=(change.path,),
    )


def _verb(change: Change) -> str:
    verbs = {
        ChangeKind.ADDED: "is new",
        ChangeKind.REMOVED: "is gone",
        ChangeKind.CHANGED: "differs",
        ChangeKind.UNKNOWN: "is unknown on one side",
    }
    return verbs[change.kind]
