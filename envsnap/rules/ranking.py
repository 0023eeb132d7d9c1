"""The order in which findings are read: the likeliest cause first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from envsnap.rules.finding import Finding
from envsnap.rules.rule import Rule


def ranked(findings: Iterable[Finding], rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Worst first; among equals the surer, then the order of the registry, then the path.

    A rule that tells its findings in an order keeps it.
    """
    findings = list(findings)
    order = {rule.id: place for place, rule in enumerate(rules)}
    ordered = {rule.id for rule in rules if rule.in_order}
    told = {id(finding): place for place, finding in enumerate(findings) if finding.rule in ordered}
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                finding.severity.rank,
                finding.confidence.rank,
                order.get(finding.rule, len(order)),
                told.get(id(finding), 0),
                finding.path,
            ),
        )
    )
