"""What a report is about: results with the names of the manifests they come from."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from envsnap.model.manifest import Manifest
from envsnap.rules.engine import Result
from envsnap.rules.finding import Confidence, Effect, Severity
from envsnap.rules.ruling import Entry, Policy

if TYPE_CHECKING:
    from envsnap.rules.side_by_side import Table

REPORT_VERSION = 2


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
    text: bytes | None = None  # the manifest's file, for formats that point into it


class Report(Struct, frozen=True, kw_only=True):
    """A whole report. `reference` is None for a check, `hosts` where there is one other only.

    `has_text`: what failed was passed as a text; `symptom`: its kind was. `unread`: what may hold
    facts in the files of either side, and was not read.
    """

    reference: Side | None
    judged: tuple[Judged, ...]
    hosts: "Table | None" = None
    policy: Policy | None = None
    has_text: bool = False
    symptom: str | None = None
    unread: tuple[str, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether somebody said what failed."""
        return self.has_text or self.symptom is not None

    def idle(self) -> tuple[Entry, ...]:
        """The entries of the policy that nothing matched."""
        if self.policy is None:
            return ()
        matched = {place for item in self.judged for place in item.result.ruled.matched}
        return tuple(entry for entry in self.policy.entries if entry.place not in matched)

    def is_unknown(self, *, strict: bool) -> bool:
        """Whether a comparison compared nothing; `strict`: or did not compare everything."""
        nothing = self.reference is not None and any(
            not item.result.compared for item in self.judged
        )
        partly = any(item.result.is_partly_unknown() for item in self.judged)
        return nothing or (strict and (partly or bool(self.unread)))

    def worst(self) -> Severity | None:
        """The severity of the worst finding of all."""
        found = [worst for item in self.judged if (worst := item.result.worst())]
        return min(found, key=lambda severity: severity.rank, default=None)


class FactData(Struct, frozen=True, kw_only=True):
    """A fact that a finding rests on, on one side (in a check there is the other side alone)."""

    path: str
    side: str
    state: str
    value: Any
    reason: str | None


class FindingData(Struct, frozen=True, kw_only=True):
    """A finding as programs read it; paths are text.

    `reference` and `other` are what the sides state at `path`; `expected` is what a table, a
    requirement or a policy asks for.
    """

    rule: str
    severity: Severity
    effect: Effect
    confidence: Confidence
    path: str
    message: str
    why: str
    fix: str
    source: str
    expected: str
    reference: Any
    other: Any
    facts: "tuple[FactData, ...]"
    changes: tuple[str, ...]
    cites: tuple[str, ...]


class EntryData(Struct, frozen=True, kw_only=True):
    """An entry of a policy as programs read it."""

    place: str
    kind: str
    reason: str
    rule: str | None
    path: str | None
    versions: str | None


class RulingData(Struct, frozen=True, kw_only=True):
    """A finding that the policy changed, as the rules judged it; no severity after: ignored."""

    finding: FindingData
    severity: Severity | None
    entry: EntryData


class PolicyData(Struct, frozen=True, kw_only=True):
    """The policy that was applied, and its entries that nothing matched."""

    file: str
    entries: int
    unmatched: tuple[EntryData, ...]


class GroupData(Struct, frozen=True, kw_only=True):
    """Hosts with the same value. `state` is known, absent or unknown; `reason` is for the last."""

    hosts: tuple[str, ...]
    state: str
    value: Any
    reason: str | None


class RowData(Struct, frozen=True, kw_only=True):
    """One fact on several hosts; `odd_one_out` is the host that alone differs."""

    path: str
    severity: Severity | None
    rule: str | None
    odd_one_out: str | None
    groups: tuple[GroupData, ...]


class HostsData(Struct, frozen=True, kw_only=True):
    """Several hosts side by side; `columns` folds those that are equal in all rows.

    `identity` holds what only names a machine; it is no difference.
    """

    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    rows: tuple[RowData, ...]
    identity: tuple[RowData, ...]


class JudgedData(Struct, frozen=True, kw_only=True):
    """One result as programs read it.

    `unknown` maps facts that one side does not know to the reason, `not_compared` those that
    neither knows; `lacking` names sections of the reference that this manifest does not have, and
    `by_section` counts the compared facts of each.
    """

    manifest: Side
    worst: Severity | None
    counts: dict[str, int]
    compared: int
    unknown: dict[str, str]
    not_compared: dict[str, str]
    lacking: tuple[str, ...]
    by_section: dict[str, int]
    findings: tuple[FindingData, ...]
    ruled: tuple[RulingData, ...] = ()


class ReportData(Struct, frozen=True, kw_only=True):
    """The JSON document that `--format json` prints."""

    report_version: int
    envsnap_version: str
    kind: str
    reference: Side | None
    results: tuple[JudgedData, ...]
    policy: PolicyData | None = None
    hosts: HostsData | None = None


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
