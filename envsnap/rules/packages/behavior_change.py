"""A release between the two versions changed what a package computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from envsnap.changes.change import Change
from envsnap.knowledge import releases
from envsnap.knowledge.tables import is_trusted, source
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

FAMILY = {"jaxlib": "jax", "jax": "jaxlib"}  # neither takes another release of the other
MOST_TOLD = 4  # further changes that a finding tells


class BehaviorChange(Rule):
    """A release between the two versions is known to have changed results.

    What a version difference does is not told by how far the numbers are apart: Pillow 9.0.1 and
    12.3.0 give the same pixels, 8.4 and 9.0.1 do not. Where a release is known to change
    defaults, decoders, random numbers or file formats, the finding says what changed and by how
    much. Where releases were measured to be the same, the difference is information.

    Fix: install the reference's version, or set the old behaviour by name where that is possible.
    """

    id = "behavior-change"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution, with everything that lies between the versions."""
        for change in list(comparison.under("packages")):
            if len(change.path) == 3 and change.path[2] == "version":
                found = self._judge(comparison, change)
                if found is not None:
                    yield found

    def _judge(self, comparison: Comparison, change: Change) -> Finding | None:
        rows = releases.between(change.path[1], change.reference, change.other)
        row = releases.same(change.path[1], change.reference, change.other)
        if row is not None and not any(map(releases.is_silent, rows)):
            return self._stable(comparison, change, row)
        return self._changed(comparison, change, rows) if rows else None

    def _changed(
        self, comparison: Comparison, change: Change, rows: list[dict[str, Any]]
    ) -> Finding:
        first = rows[0]
        worst = Severity(first["severity"])
        return Finding(
            rule=self.id,
            # What a release changes matters where the program uses it: a warning, ranked first.
            severity=Severity.INFO if worst is Severity.INFO else Severity.WARNING,
            effect=Effect(first["effect"]),
            confidence=_confidence(rows),
            path=change.path,
            message=f"{change.path[1]} {change.told}: {releases.told(first, change.other)}",
            why=_why(change.path[1], rows, change.other),
            fix=_fix(change.path[1], change.reference, first, change.other),
            source=releases.source(first),
            changes=tuple(item.path for item in comparison.under("packages", change.path[1])),
        )

    def _stable(self, comparison: Comparison, change: Change, row: dict[str, Any]) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.LIKELY,
            path=change.path,
            message=f"{change.path[1]} {change.told}: what was measured gives the same results",
            why=f"{row['what'][0].upper()}{row['what'][1:]}.",
            source=source("behavior_changes", row["source"]),
            changes=tuple(item.path for item in comparison.under("packages", change.path[1])),
        )


def _confidence(rows: list[dict[str, Any]]) -> Confidence:
    """How likely the step is the cause: what changes numbers by itself, or only what is called."""
    first = rows[0]
    if (
        first["severity"] == "error"
        and is_trusted(first["basis"])
        and first["effect"] == "numerics"
    ):
        return Confidence.CERTAIN
    return Confidence.LIKELY if releases.are_sure(rows) else Confidence.POSSIBLE


def retold(found: Finding, rows: list[dict[str, Any]]) -> Finding:
    """A finding of this rule that leads with the first of these changes."""
    name = found.path[1]
    return replace(
        found,
        effect=Effect(rows[0]["effect"]),
        message=f"{name} {found.reference} -> {found.other}: {releases.told(rows[0], found.other)}",
        why=_why(name, rows, found.other),
        fix=_fix(name, found.reference, rows[0], found.other),
        source=releases.source(rows[0]),
    )


def _why(name: str, rows: list[dict[str, Any]], other: object) -> str:
    """The changes behind the first one."""
    first, *others = rows
    more = len(others) - MOST_TOLD
    told = [releases.since(row, other) for row in others[:MOST_TOLD]]
    told += [f"and {more} more changes"] if more > 0 else []
    return "; ".join(told) or f"That came with {name} {first['from']}."


def _fix(name: str, reference: Any, row: dict[str, Any], other: object) -> str:
    """The reference's release, or what the row says to do with the new one."""
    install = f"Install {name}=={reference}."
    if name in FAMILY:
        install = f"Install {name}=={reference}, and the reference's {FAMILY[name]} with it."
    has_other_way = row.get("fix") and not releases.is_undone(row, other)
    return f"{install} Or: {releases.remedy(row)}." if has_other_way else install
