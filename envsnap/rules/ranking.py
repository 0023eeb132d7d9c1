"""The order in which findings are read: the likeliest cause first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from envsnap.rules.finding import Finding, Severity
from envsnap.rules.rule import Rule
from envsnap.rules.standing import standing


def ranked(
    findings: Iterable[Finding],
    rules: Sequence[Rule],
    favoured: frozenset[int] = frozenset(),
    unlikely: frozenset[int] = frozenset(),
    *,
    with_text: bool = False,
) -> tuple[Finding, ...]:
    """Worst first, then the surer, then what its fact does; the registry's order breaks ties.

    A rule that tells its findings in an order keeps it. `favoured` and `unlikely` are the
    identities (`id`) of findings that fit what is known of the trouble, and of those that it
    contradicts: these count as one step less grave. `with_text`: a text was read that names
    what it knows, so that what would have been said in it is less likely.
    """
    findings = list(findings)
    order = {rule.id: place for place, rule in enumerate(rules)}
    ordered = {rule.id for rule in rules if rule.in_order}
    told = {id(finding): place for place, finding in enumerate(findings) if finding.rule in ordered}
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                min(finding.severity.rank + (id(finding) in unlikely), Severity.INFO.rank),
                finding.confidence.rank,
                id(finding) not in favoured,
                standing(finding, with_text=with_text),
                order.get(finding.rule, len(order)),
                told.get(id(finding), 0),
                finding.path,
            ),
        )
    )
