"""What a report is about: results with the names of the manifests they come from."""

from typing import Any

from msgspec import Struct

from envsnap._version import __version__
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text
from envsnap.rules.engine import Result
from envsnap.rules.finding import Confidence, Effect, Finding, Severity

REPORT_VERSION = 1


class Side(Struct, frozen=True, kw_only=True):
    """A manifest in a report."""

    name: str
    label: str | None
    fingerprint: str
    created_at: str | None


class Judged(Struct, frozen=True, kw_only=True):
    """One manifest's result: against the reference, or by itself."""

    side: Side
    result: Result


class Report(Struct, frozen=True, kw_only=True):
    """A whole report. `reference` is None for a check."""

    reference: Side | None
    judged: tuple[Judged, ...]

    def worst(self) -> Severity | None:
        """The severity of the worst finding of all."""
        found = [worst for item in self.judged if (worst := item.result.worst())]
        return min(found, key=lambda severity: severity.rank, default=None)


class FindingData(Struct, frozen=True, kw_only=True):
    """A finding as programs read it; paths are text."""

    rule: str
    severity: Severity
    effect: Effect
    confidence: Confidence
    path: str
    message: str
    why: str
    fix: str
    reference: str
    left: Any
    right: Any
    changes: tuple[str, ...]
    cites: tuple[str, ...]


class JudgedData(Struct, frozen=True, kw_only=True):
    """One result as programs read it.

    `unknown` maps facts that one side does not know to the reason, `not_compared` those that
    neither knows.
    """

    manifest: Side
    worst: Severity | None
    counts: dict[str, int]
    compared: int
    unknown: dict[str, str]
    not_compared: dict[str, str]
    findings: tuple[FindingData, ...]


class ReportData(Struct, frozen=True, kw_only=True):
    """The JSON document that `--format json` prints."""

    report_version: int
    envsnap_version: str
    kind: str
    reference: Side | None
    results: tuple[JudgedData, ...]


def side(name: str, manifest: Manifest) -> Side:
    """Name a manifest for a report."""
    return Side(
        name=name,
        label=manifest.label,
        fingerprint=manifest.fingerprint,
        created_at=manifest.created_at,
    )


def counts(result: Result) -> dict[str, int]:
    """Count findings by severity."""
    found = {severity.value: 0 for severity in Severity}
    for finding in result.findings:
        found[finding.severity.value] += 1
    return found


def data(report: Report) -> ReportData:
    """The report as programs read it."""
    return ReportData(
        report_version=REPORT_VERSION,
        envsnap_version=__version__,
        kind="check" if report.reference is None else "diff",
        reference=report.reference,
        results=tuple(_judged(item) for item in report.judged),
    )


def _judged(item: Judged) -> JudgedData:
    return JudgedData(
        manifest=item.side,
        worst=item.result.worst(),
        counts=counts(item.result),
        compared=item.result.compared,
        unknown={text(path): reason for path, reason in item.result.unknown.items()},
        not_compared=item.result.not_compared,
        findings=tuple(_finding(finding) for finding in item.result.findings),
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
        reference=finding.reference,
        left=finding.left,
        right=finding.right,
        changes=tuple(text(path) for path in finding.changes),
        cites=tuple(text(path) for path in finding.cites),
    )
