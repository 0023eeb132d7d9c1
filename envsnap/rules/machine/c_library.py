"""C libraries differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.tables import table
from envsnap.knowledge.versions import numbers
from envsnap.model.reading import packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

TAG = re.compile(r"manylinux(?:_\d+_\d+|\d+)")


class CLibrary(Rule):
    """glibc, musl or libstdc++ differ.

    A program built against a newer glibc or libstdc++ does not start on an older one ("version
    `GLIBC_2.32' not found"). The other way round works. musl and glibc need different wheels. Where
    every installed wheel states by its tag that the older one is enough, the difference is
    information. glibc's math functions change their last bit between releases.

    Fix: build on the oldest system that must run it, or use the same base image.
    """

    id = "c-library"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a library."""
        for key, name in (("glibc", "glibc"), ("libstdcxx", "libstdc++"), ("musl", "musl")):
            change = comparison.at("system", key)
            if change is None:
                continue
            yield self._finding(comparison, change, key, name)

    def _finding(self, comparison: Comparison, change: Change, key: str, name: str) -> Finding:
        reference, other = str(change.reference or "none"), str(change.other or "none")
        kind = change.reference is None or change.other is None
        older = numbers(other.rpartition("_")[2]) < numbers(reference.rpartition("_")[2])
        fits = older and _wheels_fit(comparison, key, other.rpartition("_")[2])
        matters = kind or (older and not fits)
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters else Severity.INFO,
            effect=Effect.CRASH if matters else Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{name} {reference} -> {other}",
            why=_why(kind=kind, older=older, fits=fits),
            fix="Use the same base system, or build on the older one." if kind or older else "",
            changes=(change.path,),
        )


def _why(*, kind: bool, older: bool, fits: bool) -> str:
    if fits:
        return "It is older, but new enough for every installed wheel's tag."
    if older:
        return "Programs built on the newer system may not start on the older one."
    if kind:
        return "Another C library needs other wheels."
    return "A newer C library runs what was built for an older one."


def _wheels_fit(comparison: Comparison, key: str, have: str) -> bool:
    """Whether the wheels of both sides are tagged for a C library as old as this one."""
    tagged = [
        tag
        for side in (comparison.reference, comparison.other)
        for package in packages(side).values()
        for tag in package.wheel_tags or ()
        if "manylinux" in tag
    ]
    column = {"glibc": "glibc", "libstdcxx": "glibcxx"}.get(key)
    if not tagged or column is None:
        return False
    needs = {
        name: row[column]
        for row in table("manylinux")["rows"]
        for name in (row["tag"], row["alias"])
    }
    for tag in tagged:
        wanted = [needs[name] for name in TAG.findall(tag) if name in needs]
        if not wanted or min(map(numbers, wanted)) > numbers(have):
            return False
    return True
