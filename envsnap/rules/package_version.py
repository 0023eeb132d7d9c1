"""Package versions differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.diff.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.package_roles import role
from envsnap.rules.rule import Comparison, Rule
from envsnap.rules.versions import Distance, distance

FAR = (Distance.MAJOR, Distance.MINOR, Distance.OTHER)


class PackageVersion(Rule):
    """An installed distribution has another version.

    What that can do depends on what the distribution is for. Those that compute or decode data
    (numpy, Pillow, OpenCV, tokenizers, CUDA libraries) can change results with any release;
    those of a serving stack can behave otherwise after a major release; tools that build, test
    or look at code change nothing.

    Fix: install the reference's version; `envsnap dockerfile` pins all of them.
    """

    id = "package-version"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution."""
        for change in list(comparison.under("packages")):
            if len(change.path) == 3 and change.path[2] == "version":
                yield self._finding(comparison, change)

    def _finding(self, comparison: Comparison, change: Change) -> Finding:
        name = change.path[1]
        how_far = distance(change.left, change.right)
        severity, effect = _weigh(role(name), how_far)
        build = how_far is Distance.BUILD
        return Finding(
            rule=self.id,
            severity=severity,
            effect=effect,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{name} {change.left} -> {change.right}",
            why=(
                "The same release, built or labelled otherwise."
                if build
                else f"A {how_far.value} difference in a package that {_WHAT[role(name)]}."
            ),
            fix=f"Install {name}=={change.left}." if isinstance(change.left, str) else "",
            left=change.left,
            right=change.right,
            changes=tuple(item.path for item in comparison.under("packages", name)),
        )


_WHAT = {
    "numerics": "computes or decodes data",
    "runtime": "is part of the running program",
    "tooling": "only builds, tests or looks at code",
    "unknown": "no rule knows",
}


def _weigh(what: str, how_far: Distance) -> tuple[Severity, Effect]:
    if what == "numerics":
        return (Severity.WARNING if how_far in FAR else Severity.INFO), Effect.NUMERICS
    if what in ("runtime", "unknown") and how_far is Distance.MAJOR:
        return Severity.WARNING, Effect.BEHAVIOR
    return Severity.INFO, Effect.NONE if what == "tooling" else Effect.BEHAVIOR
