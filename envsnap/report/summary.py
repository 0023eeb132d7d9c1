"""Sentences that every report for people shares."""

from __future__ import annotations

from envsnap.model.paths import text
from envsnap.report import document
from envsnap.report.sanitize import plain
from envsnap.rules.engine import Result
from envsnap.rules.finding import Severity


def headline(report: document.Report, item: document.Judged) -> str:
    """Which manifests this is about."""
    if report.reference is None:
        return title(item.side)
    return f"{title(report.reference)} (reference) against {title(item.side)}"


def title(side: document.Side) -> str:
    """A manifest's name, with its label if it has one."""
    return plain(f"{side.label} ({side.name})" if side.label else side.name)


def tally(result: Result, is_diff: bool) -> str:
    """How many findings there are, and what they rest on."""
    found = document.counts(result)
    words = [
        _count(found[Severity.ERROR.value], "error"),
        _count(found[Severity.WARNING.value], "warning"),
        _count(found[Severity.INFO.value], "note"),
    ]
    line = ", ".join(words)
    if not is_diff:
        return line
    line += f"; {result.compared:,} facts compared"
    if result.unknown:
        line += f", {len(result.unknown):,} known on one side only"
    return line


def not_captured(result: Result) -> str:
    """One folded line on what could not be compared; empty where there is nothing."""
    sections: dict[str, list[str]] = {}
    for path, reason in result.unknown.items():
        sections.setdefault(path[0], []).append(reason)
    parts = []
    for name, reasons in sections.items():
        common = max(set(reasons), key=reasons.count)
        parts.append(f"{name} ({len(reasons)}: {plain(common)[:60]})")
    if result.not_compared:
        first = next(iter(result.not_compared))
        parts.append(
            f"unknown on both sides: {len(result.not_compared)} (first: {plain(first)[:40]})"
        )
    return "; ".join(parts)


def column_names(report: document.Report, item: document.Judged) -> tuple[str, str]:
    """Heads of the two value columns."""
    if report.reference is None:
        return "expected", "found"
    return _short(report.reference), _short(item.side)


def _short(side: document.Side) -> str:
    base = side.label or side.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".json")
    return plain(base)[:20]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def where(path: tuple[str, ...]) -> str:
    """A path as people read it."""
    return plain(text(path))
