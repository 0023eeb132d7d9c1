"""A report as records for programs: what `--format json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from envsnap._version import __version__
from envsnap.model.paths import text
from envsnap.report import document, summary
from envsnap.report.document import (
    EntryData,
    FactData,
    FindingData,
    GroupData,
    HostsData,
    JudgedData,
    PolicyData,
    ReportData,
    RowData,
    RulingData,
)
from envsnap.rules.finding import Fact, Finding
from envsnap.rules.ruling import Entry, Ruling

if TYPE_CHECKING:
    from envsnap.rules.side_by_side import Group, Row


def data(report: document.Report) -> ReportData:
    """The report as programs read it."""
    return ReportData(
        report_version=document.REPORT_VERSION,
        envsnap_version=__version__,
        kind="check" if report.reference is None else "diff",
        reference=report.reference,
        results=tuple(_judged(item) for item in report.judged),
        policy=_policy(report),
        hosts=_hosts(report),
    )


def _judged(item: document.Judged) -> JudgedData:
    return JudgedData(
        manifest=item.side,
        worst=item.result.worst(),
        counts=document.counts(item.result),
        compared=item.result.compared,
        unknown={text(path): reason for path, reason in item.result.unknown.items()},
        not_compared=item.result.not_compared,
        by_section=item.result.by_section,
        lacking=item.result.lacking,
        findings=tuple(_finding(finding) for finding in item.result.findings),
        ruled=tuple(_ruling(ruling) for ruling in item.result.ruled.rulings),
    )


def _finding(finding: Finding) -> FindingData:
    return FindingData(
        rule=finding.rule,
        severity=finding.severity,
        effect=finding.effect,
        confidence=finding.confidence,
        path=text(finding.path),
        message=finding.message,
        why=finding.why,
        fix=finding.fix,
        source=finding.source,
        expected=finding.expected,
        reference=finding.reference,
        other=finding.other,
        facts=tuple(_fact(fact) for fact in finding.facts),
        changes=tuple(text(path) for path in finding.changes),
        cites=tuple(text(path) for path in finding.cites),
    )


def _fact(fact: Fact) -> FactData:
    return FactData(
        path=text(fact.path),
        side=fact.side,
        state=fact.state,
        value=fact.value,
        reason=fact.reason,
    )


def _policy(report: document.Report) -> PolicyData | None:
    if report.policy is None:
        return None
    return PolicyData(
        file=report.policy.file,
        entries=len(report.policy.entries),
        unmatched=tuple(_entry(entry) for entry in report.idle()),
    )


def _ruling(ruling: Ruling) -> RulingData:
    return RulingData(
        finding=_finding(ruling.finding), severity=ruling.severity, entry=_entry(ruling.entry)
    )


def _entry(entry: Entry) -> EntryData:
    return EntryData(
        place=entry.place,
        kind=entry.kind,
        reason=entry.reason,
        rule=entry.rule,
        path=entry.path,
        versions=entry.versions,
    )


def _hosts(report: document.Report) -> HostsData | None:
    if report.hosts is None:
        return None
    names = summary.host_names(report)
    return HostsData(
        names=names,
        columns=tuple(tuple(names[host] for host in column) for column in report.hosts.columns),
        rows=tuple(_row(row, names) for row in report.hosts.rows),
        identity=tuple(_row(row, names) for row in report.hosts.identity),
    )


def _row(row: Row, names: Sequence[str]) -> RowData:
    odd = row.odd_one_out() if row.severity is not None else None
    return RowData(
        path=text(row.path),
        severity=row.severity,
        rule=row.rule,
        odd_one_out=None if odd is None else names[odd.hosts[0]],
        groups=tuple(_group(group, names) for group in row.groups),
    )


def _group(group: Group, names: Sequence[str]) -> GroupData:
    fact = group.fact
    known = "known" if fact.is_there else "absent"
    return GroupData(
        hosts=tuple(names[host] for host in group.hosts),
        state=known if fact.unknown is None else "unknown",
        value=fact.value,
        reason=fact.unknown,
    )
