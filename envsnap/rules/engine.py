"""Runs the rules, and sees to it that every change has one primary finding.

What `inspect` finds in the other manifest and not in the reference is in the comparison too, at
least as severe: `check` never knows more than `diff`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from envsnap.changes import walk
from envsnap.changes.change import ChangeKind, Difference
from envsnap.model.manifest import Manifest, present
from envsnap.model.notebook import Shown
from envsnap.model.paths import Path, text
from envsnap.model.reading import entries, fact, packages, set_alone, stated
from envsnap.rules import plain, planned, registry
from envsnap.rules.evidence import with_facts
from envsnap.rules.finding import Finding, Severity, SideName
from envsnap.rules.partners import together
from envsnap.rules.ranking import ranked
from envsnap.rules.rule import Comparison, Rule
from envsnap.rules.ruling import Ruled


class Result(Shown, Struct, frozen=True, kw_only=True):
    """Ranked findings, and how much they rest on.

    `by_section` says how many facts of each section were compared. `unknown` maps the paths of facts that one side does not know to the reason;
    `not_compared` those that neither side knows (in a check: that are not known). `lacking`
    names the sections that the reference states and the other side does not have. `of_a_file`:
    a lock or requirements file was checked, by its pins. `ruled` is what a policy changed; the
    findings are those after it.
    """

    findings: tuple[Finding, ...]
    compared: int
    unknown: dict[Path, str]
    not_compared: dict[str, str]
    lacking: tuple[str, ...] = ()
    by_section: dict[str, int] = {}
    of_a_file: bool = False
    ruled: Ruled = Ruled()

    def __repr__(self) -> str:
        """Short: how many findings of which severity."""
        counts = Counter(finding.severity.value for finding in self.findings)
        told = ", ".join(f"{counts[severity.value]} {severity.value}" for severity in Severity)
        return f"<Result {told}; {self.compared} facts compared>"

    def is_partly_unknown(self) -> bool:
        """Whether anything that could have been known, or compared, was not."""
        return bool(self.unknown or self.not_compared or self.lacking)

    def worst(self) -> Severity | None:
        """The severity of the worst finding."""
        return min((finding.severity for finding in self.findings), key=_rank, default=None)


def compare(
    reference: Manifest,
    other: Manifest,
    rules: Sequence[Rule] | None = None,
    error_text: str = "",
    symptom: str | None = None,
    difference: Difference | None = None,
) -> Result:
    """Judge what differs between a reference and another manifest; by default with every rule.

    With an error text of the other side, what explains it comes first; with a symptom (one of
    `trouble.SYMPTOMS`), what makes such trouble does. `difference` is theirs, where it is known.
    """
    difference = difference or walk.compare(reference, other)
    if rules is None:
        rules = _concerned(reference, other, difference)
    comparison = Comparison(reference, other, difference)
    sides: dict[SideName, Manifest] = {"reference": reference, "other": other}
    told = ranked(
        (with_facts(finding, sides) for finding in _settled(comparison, rules)),
        rules,
        with_text=bool(error_text),
    )
    if error_text or symptom:
        from envsnap.rules.explaining import explained
        from envsnap.rules.machine.env_var import unread
        from envsnap.rules.symptoms.steps import as_there

        judged = planned.as_installed(other)
        alone = tuple(unread(reference, other)) if error_text else ()
        told = _with_alone(
            told, alone, lambda found: explained(error_text, symptom, judged, found, rules)
        )
        told = tuple(as_there(found, reference, judged) for found in told)
        if judged is not other:
            told = tuple(planned.of_the_file(finding) for finding in told)
    told = together(told, difference)
    unknown = _unknown(difference)
    there = present(other.sections)
    return Result(
        findings=tuple(item if item.facts else with_facts(item, sides) for item in told),
        compared=difference.compared,
        unknown=unknown,
        not_compared=difference.not_compared,
        by_section=difference.by_section,
        lacking=tuple(path[0] for path in unknown if len(path) == 1 and path[0] not in there),
    )


def _with_alone(
    told: Sequence[Finding],
    alone: Sequence[Finding],
    explained: Callable[[tuple[Finding, ...]], tuple[Finding, ...]],
) -> tuple[Finding, ...]:
    """The findings as a text explains them, variables of one side among them that it speaks of.

    Of the others those stay that a rule tells. All are differences for the reader, and none that
    the comparison counts: no value was compared.
    """
    paths = {found.path for found in alone}
    known = {found.path for found in told} & paths
    spoken = [found for found in told if found.path not in paths]
    return tuple(
        replace(found, changes=()) if found.path in paths else found
        for found in explained((*spoken, *alone))
        if found.path not in paths - known or found.severity is not Severity.INFO
    )


def _concerned(reference: Manifest, other: Manifest, difference: Difference) -> Sequence[Rule]:
    changed = {change.path[0] for change in difference.changes}
    if _of_a_run(reference) and _of_a_run(other):
        changed.add("seeds")  # what neither run seeded is no difference, and yet a cause
    if any(set_alone(reference, other)):
        changed.add("env_vars")  # no value was compared, and yet one side alone sets it
    return registry.concerned(changed, present(other.sections), reference, other)


def _unknown(difference: Difference) -> dict[Path, str]:
    """The facts that a side could not tell, with the reason."""
    return {
        change.path: change.reason or ""
        for change in difference.changes
        if change.kind is ChangeKind.UNKNOWN
    }


def _of_a_run(manifest: Manifest) -> bool:
    return stated(manifest, "seeds", "generators") is not None


def _settled(comparison: Comparison, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Ask every rule, and give each change to one finding; what no rule explains is stated.

    What is wrong with the other side by itself speaks before what merely differs; then the order
    of the rules counts. A finding all of whose changes are explained is left out, unless it is
    worse than what explains them; news are never left out.
    """
    compared = [finding for rule in rules for finding in rule.compare(comparison)]
    news = _louder_news(comparison, rules, _worst_by_place(compared))
    louder = {(finding.rule, finding.path) for finding in news}
    owners: dict[Path, tuple[int, bool]] = {}  # the owner's severity, and whether it is news
    serious = [finding for finding in news if finding.severity is not Severity.INFO]
    notices = [finding for finding in news if finding.severity is Severity.INFO]
    for finding in serious:
        yield _primary_for(finding, owners, is_news=True)
    for finding in compared:
        if (finding.rule, finding.path) in louder or _explained(finding, owners):
            continue
        yield _primary_for(finding, owners, is_news=False)
    for finding in notices:
        yield _primary_for(finding, owners, is_news=True)
    yield from _unexplained(comparison, owners)


def _louder_news(
    comparison: Comparison, rules: Sequence[Rule], worst: dict[tuple[str, Path], int]
) -> list[Finding]:
    """News that the same rule does not tell at the same place, at least as severe, by comparing."""
    return [
        finding
        for rule in rules
        for finding in _news(rule, comparison)
        if worst.get((finding.rule, finding.path), len(Severity)) > finding.severity.rank
    ]


def _unexplained(comparison: Comparison, owners: Container[Path]) -> Iterator[Finding]:
    for change in comparison.difference.changes:
        if change.kind is not ChangeKind.UNKNOWN and change.path not in owners:
            yield plain.finding(change)


def _worst_by_place(findings: Iterable[Finding]) -> dict[tuple[str, Path], int]:
    worst: dict[tuple[str, Path], int] = {}
    for finding in findings:
        place = finding.rule, finding.path
        worst[place] = min(worst.get(place, finding.severity.rank), finding.severity.rank)
    return worst


def _news(rule: Rule, comparison: Comparison) -> Iterator[Finding]:
    """What a rule finds in the other manifest alone, with the reference beside it."""
    for found in rule.news(comparison):
        finding = found
        change = comparison.at(*found.path)
        if change is not None:
            finding = replace(found, changes=(found.path,))
        yield _with_doubt(rule.beside(comparison, finding), comparison.reference)


def _with_doubt(finding: Finding, reference: Manifest) -> Finding:
    """Say where the reference does not state what a finding rests on: it may be there, too."""
    for path in (finding.path, *finding.cites):
        reason = fact(reference, path).unknown
        if reason is not None:
            told = f"{finding.why} The reference does not state {text(path)} ({reason})"
            return replace(finding, why=f"{told}: it may be so there, too.")
    return finding


def _explained(finding: Finding, owners: dict[Path, tuple[int, bool]]) -> bool:
    """Whether earlier findings explain all of it; of news only where they are as bad."""
    if not finding.changes:
        return False
    for path in finding.changes:
        severity, is_news = owners.get(path, (len(Severity), True))
        if is_news and severity > finding.severity.rank:
            return False
    return True


def _primary_for(
    finding: Finding, owners: dict[Path, tuple[int, bool]], *, is_news: bool
) -> Finding:
    """Leave to earlier findings the changes that they explain already; those are cited."""
    mine = tuple(path for path in finding.changes if path not in owners)
    others = tuple(path for path in finding.changes if path in owners)
    owners.update((path, (finding.severity.rank, is_news)) for path in mine)
    return replace(finding, changes=mine, cites=finding.cites + others) if others else finding


def inspect(
    manifest: Manifest,
    rules: Sequence[Rule] | None = None,
    error_text: str = "",
    symptom: str | None = None,
) -> Result:
    """Judge one manifest; by default with every rule. Of a lock or requirements file, its pins.

    With an error text, what explains it comes first; with a symptom, what makes such trouble does.
    """
    judged = planned.as_installed(manifest)
    if rules is None:
        rules = registry.concerned((), present(judged.sections), judged)
    findings = ranked(
        (found for rule in rules for found in rule.inspect(judged)),
        rules,
        with_text=bool(error_text),
    )
    if error_text or symptom:
        from envsnap.rules.explaining import explained

        findings = explained(error_text, symptom, judged, findings, rules)
    if judged is not manifest:
        findings = tuple(planned.of_the_file(finding) for finding in findings)
    not_known = {
        name + ("" if path.startswith("[") else ".") + path: reason
        for name, section in present(manifest.sections).items()
        for path, reason in section.gaps.items()
    }
    told = tuple(with_facts(finding, {"other": manifest}) for finding in findings)
    return Result(
        findings=told,
        compared=0,
        unknown={},
        not_compared=not_known,
        of_a_file=bool(entries(manifest, "wanted")) and not packages(manifest),
    )


def _rank(severity: Severity) -> int:
    return severity.rank
