"""Packages are installed on one side only."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.diff.change import Change, ChangeKind
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.package_roles import role
from envsnap.rules.rule import Comparison, Rule


class PackageMissing(Rule):
    """A distribution is installed on one side only.

    Missing where the program runs, it fails at import, or a library quietly takes another path
    (another image decoder, a slower tokenizer, attention without flash-attn). A distribution
    that only the other side has can switch such a path on.

    Fix: install the same distributions; `envsnap dockerfile` pins all of them.
    """

    id = "package-missing"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution."""
        for change in list(comparison.under("packages")):
            if len(change.path) == 2:
                yield self._finding(change)

    def _finding(self, change: Change) -> Finding:
        name = change.path[1]
        gone = change.kind is ChangeKind.REMOVED
        what = role(name)
        left, right = _version(change.left), _version(change.right)
        return Finding(
            rule=self.id,
            severity=_severity(what, gone),
            effect=Effect.CRASH if gone and what != "tooling" else Effect.BEHAVIOR,
            confidence=Confidence.LIKELY if gone and what != "tooling" else Confidence.POSSIBLE,
            path=change.path,
            message=(
                f"{name} {left} is missing on the other side"
                if gone
                else f"{name} {right} is installed on the other side only"
            ),
            why=(
                "Code that imports it fails, or takes another path."
                if gone
                else "It can switch on another path in libraries that look for it."
            ),
            fix=f"Install {name}=={left}."
            if gone
            else f"Uninstall {name}, if the reference works without.",
            left=left,
            right=right,
            changes=(change.path,),
        )


def _severity(what: str, gone: bool) -> Severity:
    return Severity.WARNING if gone and what in ("numerics", "runtime") else Severity.INFO


def _version(value: object) -> object:
    return value.get("version") if isinstance(value, dict) else None
