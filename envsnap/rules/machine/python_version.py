"""Python versions differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge import releases
from envsnap.knowledge.versions import Distance, distance
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

MOST_TOLD = 3
FOLLOW = ("soabi", "build", "compiler", "platform")
BUILD = ("build", "compiler")
WHY = {
    "optimize": "-O removes asserts. -OO removes docstrings, too, which some packages read: there they are None."
}
FIX = {"optimize": "Start Python without -O, and unset PYTHONOPTIMIZE, on both sides."}
SWITCHES = ("debug", "gil", "optimize", "utf8_mode", "bits", "implementation")


class PythonVersion(Rule):
    """The interpreter's version differs.

    Another minor version installs other wheels: packages of one version may be other builds, or
    other versions. Pickles, byte code, default protocols and the standard library differ. A patch
    release fixes bugs and rarely changes a result.

    Fix: use the reference's version; `envsnap dockerfile` pins it to the patch.
    """

    id = "python-version"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield at most one finding for the version, and one a switch."""
        change = comparison.at("python", "version")
        if change is not None:
            far = distance(change.reference, change.other) in (Distance.MAJOR, Distance.MINOR)
            follow = [found.path for key in FOLLOW if (found := comparison.at("python", key))]
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING if far else Severity.INFO,
                effect=Effect.BEHAVIOR if far else Effect.NONE,
                confidence=Confidence.POSSIBLE,
                path=change.path,
                message=f"Python {change.told}",
                why=(
                    _why(change)
                    if far
                    else "A patch release fixes bugs; results rarely depend on one."
                ),
                fix=f"Use Python {change.reference}." if change.reference is not None else "",
                changes=(change.path, *follow),
            )
        builds = [found for key in BUILD if (found := comparison.at("python", key))]
        if change is None and builds:
            yield self._built(builds)
        for key in SWITCHES:
            yield from self._switch(comparison, key)

    def _built(self, builds: list[Change]) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.PERFORMANCE,
            confidence=Confidence.POSSIBLE,
            path=builds[0].path,
            message=f"another build of the same Python: {builds[0].told}",
            why="How it was built (PGO, LTO, the compiler) decides its speed.",
            fix="Use one interpreter from one place on both sides.",
            source="CPython, configure options (--enable-optimizations, --with-lto)",
            changes=tuple(change.path for change in builds),
        )

    def _switch(self, comparison: Comparison, key: str) -> Iterator[Finding]:
        change = comparison.at("python", key)
        if change is None:
            return
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"the interpreter's {key}: {change.told}",
            why=WHY.get(key, "It is another kind of interpreter, or runs in another mode."),
            fix=FIX.get(key, "Start the same kind of interpreter in the same mode."),
            changes=(change.path,),
        )


def _why(change: Change) -> str:
    """What another minor release means, and what is known of those between."""
    rows = releases.between("python", change.reference, change.other)
    told = "; ".join(f"since {row['from']}: {releases.told(row)}" for row in rows[:MOST_TOLD])
    more = f" {told[0].upper()}{told[1:]}." if told else ""
    return f"Other wheels, another standard library, other pickles.{more}"
