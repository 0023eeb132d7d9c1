"""Runs the rules, and sees to it that every change has one primary finding."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from envsnap.changes import walk
from envsnap.changes.change import ChangeKind
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import Path
from envsnap.rules import plain, registry
from envsnap.rules.finding import Finding, Severity
from envsnap.rules.ranking import ranked
from envsnap.rules.rule import Comparison, Rule
from envsnap.rules.ruling import Ruled


class Result(Struct, frozen=True, kw_only=True):
    """Ranked findings, and how much they rest on.

    `unknown` maps the paths of facts that one side does not know to the reason;
    `not_compared` those that neither side knows (in a check: that are not known). `ruled` is
    what a policy changed; the findings are those after it.
    """

    findings: tuple[Finding, ...]
    compared: int
    unknown: dict[Path, str]
    not_compared: dict[str, str]
    ruled: Ruled = Ruled()

    def worst(self) -> Severity | None:
        """The severity of the worst finding."""
        return min((finding.severity for finding in self.findings), key=_rank, default=None)


def compare(
    reference: Manifest,
    other: Manifest,
    rules: Sequence[Rule] | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> Result:
    """Judge what differs between a reference and another manifest; by default with every rule.

    With an error text of the other side, what explains it comes first; with a symptom (one of
    `trouble.SYMPTOMS`), what makes such trouble does.
    """
    difference = walk.compare(reference, other)
    if rules is None:
        changed = {change.path[0] for change in difference.changes}
        if _of_a_run(reference) and _of_a_run(other):
            changed.add("seeds")  # what neither run seeded is no difference, and yet a cause
        rules = registry.concerned(changed, reference, other)
    comparison = Comparison(reference, other, difference)
    findings: list[Finding] = []
    claimed: set[Path] = set()
    for rule in rules:
        for finding in rule.compare(comparison):
            if finding.changes and claimed.issuperset(finding.changes):
                continue  # an earlier rule explains all of it
            findings.append(_primary_for(finding, claimed))
            claimed.update(finding.changes)
    findings.extend(
        plain.finding(change)
        for change in difference.changes
        if change.kind is not ChangeKind.UNKNOWN and change.path not in claimed
    )
    told = ranked(findings, rules)
    if error_text or symptom:
        from envsnap.rules.explaining import explained

        told = explained(error_text, symptom, other, told, rules)
    return Result(
        findings=told,
        compared=difference.compared,
        unknown={
            change.path: change.reason or ""
            for change in difference.changes
            if change.kind is ChangeKind.UNKNOWN
        },
        not_compared=difference.not_compared,
    )


def _of_a_run(manifest: Manifest) -> bool:
    seeds = manifest.sections.seeds
    return seeds is not UNSET and seeds.generators is not UNSET


def inspect(
    manifest: Manifest,
    rules: Sequence[Rule] | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> Result:
    """Judge one manifest; by default with every rule.

    With an error text, what explains it comes first; with a symptom, what makes such trouble does.
    """
    if rules is None:
        rules = registry.concerned(present(manifest.sections), manifest)
    findings = ranked((found for rule in rules for found in rule.inspect(manifest)), rules)
    if error_text or symptom:
        from envsnap.rules.explaining import explained

        findings = explained(error_text, symptom, manifest, findings, rules)
    not_known = {
        name + ("" if path.startswith("[") else ".") + path: reason
        for name, section in present(manifest.sections).items()
        for path, reason in section.gaps.items()
    }
    return Result(findings=findings, compared=0, unknown={}, not_compared=not_known)


def _primary_for(finding: Finding, claimed: set[Path]) -> Finding:
    """Leave to earlier findings the changes that they explain already; those are cited."""
    mine = tuple(path for path in finding.changes if path not in claimed)
    if len(mine) == len(finding.changes):
        return finding
    others = tuple(path for path in finding.changes if path in claimed)
    return replace(finding, changes=mine, cites=finding.cites + others)


def _rank(severity: Severity) -> int:
    return severity.rank
