"""The command's ranking, and a baseline's."""

from __future__ import annotations

from benchmarks.root_cause import cases, vocabulary
from envsnap import api
from envsnap.changes.change import ChangeKind
from envsnap.changes.walk import compare
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path as FactPath
from envsnap.model.paths import text
from envsnap.rules.finding import Finding, Severity

Ranked = list[FactPath]


def serious(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings that count."""
    return [found for found in findings if found.severity is not Severity.INFO]


def ours(reference: Manifest, other: Manifest, error_text: str = "") -> Ranked:
    """The command's ranking."""
    findings = api.diff(reference, other, error_text=error_text).findings
    return [found.path for found in serious(findings)]


def baseline(reference: Manifest, other: Manifest) -> Ranked:
    """Every stated difference is a warning, in file order."""
    changes = compare(reference, other).changes
    return [change.path for change in changes if change.kind is not ChangeKind.UNKNOWN]


def rank(ranked: Ranked, keys: list[str]) -> int | None:
    """The place of the culprit, from 1."""
    return next(
        (place for place, path in enumerate(ranked, 1) if vocabulary.hits(path, keys)), None
    )


def missed(case: cases.Case, what: str, place: int | None, ranked: Ranked) -> str:
    """A row of the table of misses."""
    shown = ", ".join(text(path) for path in ranked[:4]) or "nothing"
    key = case["culprit"]["key"]
    return f"  {what:24} {case['id']:34} {key:34} at {place or '-':<3} ranked: {shown}"
