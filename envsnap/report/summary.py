"""Sentences that every report for people shares."""

from __future__ import annotations

from envsnap.model.paths import text
from envsnap.report import document
from envsnap.report.sanitize import plain
from envsnap.rules.engine import Result
from envsnap.rules.finding import Severity

REDACTED = "redacted"


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
        f"{found[Severity.INFO.value]} info",
    ]
    line = ", ".join(words)
    if not is_diff:
        return line if result.findings else f"{line}: nothing wrong found"
    line += f"; {result.compared:,} facts compared"
    if result.unknown:
        line += f", {len(result.unknown):,} known on one side only"
    return line


def not_captured(result: Result) -> str:
    """One folded line on what is not known; empty where there is nothing to say."""
    parts = []
    sections: dict[str, list[str]] = {}
    for path, reason in result.unknown.items():
        sections.setdefault(path[0], []).append(reason)
    for name, reasons in sections.items():
        common = max(set(reasons), key=reasons.count)
        parts.append(f"{name} ({len(reasons)} on one side: {plain(common)[:70]})")
    hidden = [path for path, reason in result.not_compared.items() if reason == REDACTED]
    others = {path: why for path, why in result.not_compared.items() if why != REDACTED}
    parts += [f"{plain(path)[:60]} ({plain(why)[:90]})" for path, why in list(others.items())[:3]]
    if len(others) > 3:
        parts.append(f"{len(others) - 3} more")
    if hidden:
        parts.append(f"{_count(len(hidden), 'secret value')} left out ({plain(hidden[0])[:40]} …)")
    return "; ".join(parts)


def rest_title(report: document.Report) -> str:
    """What the folded line of unknown facts is called."""
    return "Not known" if report.reference is None else "Not compared"


def sentence(text: str, names: tuple[str, str]) -> str:
    """A rule's sentence with the sides called by their names."""
    left, right = names
    return plain(text.replace("the other side", right).replace("the reference", left))


def column_names(report: document.Report, item: document.Judged) -> tuple[str, str]:
    """Heads of the two value columns."""
    if report.reference is None:
        return "expected", "found"
    left, right = _short(report.reference), _short(item.side)
    if left == right:
        left, right = _base(report.reference), _base(item.side)
    return (left, right) if left != right else ("reference", "other")


def _short(side: document.Side) -> str:
    return plain(side.label)[:20] if side.label else _base(side)


def _base(side: document.Side) -> str:
    return plain(side.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".json"))[:20]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def where(path: tuple[str, ...]) -> str:
    """A path as people read it."""
    return plain(text(path))
