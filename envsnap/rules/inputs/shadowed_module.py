"""A file of the working folder has the name of a module that programs import."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change, ChangeKind
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

# Distributions leave folders of these names beside their own, and no program imports them.
NOBODYS = frozenset(
    [
        "benchmark",
        "benchmarks",
        "bin",
        "build",
        "conftest",
        "data",
        "doc",
        "docs",
        "example",
        "examples",
        "scripts",
        "setup",
        "src",
        "test",
        "tests",
        "tools",
        "utils",
    ]
)


class ShadowedModule(Rule):
    """A file of the working folder hides a module from programs that are started there.

    Python looks into the folder of the program first. A `random.py` or a folder `numpy` there is
    imported in the place of the module that other packages mean. They then fail with a partially
    initialized module or a missing attribute, or they compute with other code.

    Fix: rename the file, or start the program from another folder.
    """

    id = "shadowed-module"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a module that is hidden on one side only."""
        for change in list(comparison.under("python", "shadows")):
            if len(change.path) == 3 and change.kind is not ChangeKind.CHANGED:
                yield self._finding(change, change.path[2])

    def _finding(self, change: Change, name: str) -> Finding:
        is_here = change.kind is ChangeKind.ADDED
        severity = Severity.WARNING if is_here and name not in NOBODYS else Severity.INFO
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if severity is Severity.WARNING else Confidence.POSSIBLE,
            path=change.path,
            message=(
                f"{change.other} of the working folder hides the module {name}"
                if is_here
                else f"{change.reference} of the reference's working folder hides the module {name}"
            ),
            why="Python looks into the program's folder first: what imports the module gets this file.",
            fix="Rename the file, or start the program from another folder." if is_here else "",
            source="https://docs.python.org/3/tutorial/modules.html#the-module-search-path",
            changes=(change.path,),
        )
