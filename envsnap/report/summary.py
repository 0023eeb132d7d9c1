"""Sentences that every report for people shares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from envsnap.model.paths import text
from envsnap.redact import digests
from envsnap.report import document
from envsnap.report.sanitize import plain, value
from envsnap.rules.engine import Result
from envsnap.rules.finding import Fact, Finding, Severity
from envsnap.rules.ruling import Entry, Ruling
from envsnap.wording import counted

LONGEST_CUT = 60
MOST_SECTIONS = 4
LONGEST_NAME = 20  # longer names are cut
ASKED_FOR = ("configs", "weights", "data")  # what the user named comes first
HEADS = ("expected", "found")  # of a check, which has one side


def headline(
    report: document.Report, item: document.Judged, same: Sequence[document.Judged] = ()
) -> str:
    """Which manifests this is about; `same` are further ones with the same result."""
    if report.reference is None:
        return title(item.side)
    line = f"{title(report.reference)} (reference) against {title(item.side)}"
    if same:
        line += f"; the same for {', '.join(title(other.side) for other in same)}"
    return line


def folded(report: document.Report) -> list[tuple[document.Judged, list[document.Judged]]]:
    """Each result with the later ones that are equal to it."""
    found: list[tuple[document.Judged, list[document.Judged]]] = []
    for item in report.judged:
        equal = next((same for first, same in found if first.result == item.result), None)
        if equal is None:
            found.append((item, []))
        else:
            equal.append(item)
    return found


def host_names(report: document.Report) -> tuple[str, ...]:
    """A short name for the reference and each other manifest, no two alike."""
    sides = [item.side for item in report.judged]
    if report.reference is not None:
        sides.insert(0, report.reference)
    labels = Counter(_short(side) for side in sides)
    names = [_short(side) if labels[_short(side)] == 1 else _base(side) for side in sides]
    taken: Counter[str] = Counter()
    for number, name in enumerate(names):
        taken[name] += 1
        if taken[name] > 1:
            names[number] = f"{name} #{taken[name]}"
    return tuple(names)


def title(side: document.Side) -> str:
    """A manifest's name, with its label if it has one."""
    return plain(f"{side.label} ({side.name})" if side.label else side.name)


def outcome(report: document.Report, item: document.Judged) -> str:
    """The tally of one manifest."""
    return tally(item.result, report.reference is not None)


def tally(result: Result, is_diff: bool) -> str:
    """How many findings there are, and what they rest on."""
    found = document.counts(result)
    words = [
        counted(found[Severity.ERROR.value], "error"),
        counted(found[Severity.WARNING.value], "warning"),
        f"{found[Severity.INFO.value]} info",
    ]
    line = ", ".join(words)
    if not is_diff:
        return line if result.findings else f"{line}: nothing wrong found"
    line += f"; {result.compared:,} facts compared" if result.compared else "; no facts compared"
    line += _where(result)
    line += _unknown(result) + _left_out(result)
    if result.lacking:
        line += f"; the other side says nothing of {', '.join(result.lacking)}"
    return line if result.compared else f"{line}: this is no result"


def _where(result: Result) -> str:
    """The sections that most compared facts are of, in brackets."""
    counts = sorted(
        ((count, name) for name, count in result.by_section.items() if count),
        key=lambda item: -item[0],
    )
    if len(counts) < 2:
        return ""
    told = [f"{name} {count:,}" for count, name in counts[:MOST_SECTIONS]]
    return f" ({', '.join(told)}{', …' if len(counts) > MOST_SECTIONS else ''})"


def _unknown(result: Result) -> str:
    """How many facts at least one side does not know."""
    places = ((result.unknown, "one side"), (result.not_compared, "both sides"))
    told = [f"{len(facts):,} unknown on {place}" for facts, place in places if facts]
    return f", {' and '.join(told)}" if told else ""


def _left_out(result: Result) -> str:
    """How many values may differ behind a cut; each side left them out as possible secrets."""
    hidden = [path for path, reason in result.not_compared.items() if digests.is_cut(reason)]
    if not hidden:
        return ""
    were = "value was" if len(hidden) == 1 else "values were"
    more = " …" if len(hidden) > 1 else ""
    return (
        f"; {len(hidden)} {were} left out on both sides and may differ:"
        f" {plain(hidden[0])[:LONGEST_CUT]}{more}"
    )


def ruled(report: document.Report, result: Result) -> str:
    """How much the policy changed; empty where there is none."""
    if report.policy is None:
        return ""
    rulings = result.ruled.rulings
    ignored = sum(ruling.severity is None for ruling in rulings)
    return (
        f"{plain(report.policy.file)}: {counted(ignored, 'finding')} ignored,"
        f" {len(rulings) - ignored} given another severity"
    )


def verdict(ruling: Ruling) -> str:
    """What became of a finding."""
    if ruling.severity is not None:
        return f"{ruling.finding.severity.value} -> {ruling.severity.value}"
    return f"{ruling.finding.severity.value} ignored"


def entry(item: Entry) -> str:
    """An entry of a policy in a few words."""
    about = [f"rule {item.rule}" if item.rule else "", item.path or "", item.versions or ""]
    return plain(f"{item.place} ({', '.join(part for part in about if part)})")


def idle(report: document.Report) -> list[str]:
    """A sentence an entry of the policy that nothing matched."""
    if report.policy is None:
        return []
    file = plain(report.policy.file)
    return [f"{file}: {entry(item)} matched nothing" for item in report.idle()]


def not_captured(result: Result) -> str:
    """One folded line on what is not known; empty where there is nothing to say."""
    parts = []
    sections: dict[str, list[str]] = {}
    for path, reason in result.unknown.items():
        sections.setdefault(path[0], []).append(reason)
    for name, reasons in sections.items():
        common = max(set(reasons), key=reasons.count)
        parts.append(f"{name} ({len(reasons)} on one side: {plain(common)[:70]})")
    hidden = [path for path, reason in result.not_compared.items() if digests.is_cut(reason)]
    others = {path: why for path, why in result.not_compared.items() if not digests.is_cut(why)}
    others = dict(sorted(others.items(), key=lambda item: not item[0].startswith(ASKED_FOR)))
    parts += [f"{plain(path)[:60]} ({plain(why)[:90]})" for path, why in list(others.items())[:3]]
    if len(others) > 3:
        parts.append(f"{len(others) - 3} more")
    if hidden:
        parts.append(f"{counted(len(hidden), 'secret value')} left out ({plain(hidden[0])[:40]} …)")
    return "; ".join(parts)


def rest_title(report: document.Report) -> str:
    """What the folded line of unknown facts is called."""
    return "Not known" if report.reference is None else "Not compared"


def sentence(text: str, names: tuple[str, str]) -> str:
    """A rule's sentence with the sides called by their names, where these are whole and short."""
    for words, name in zip(("the reference", "the other side"), names, strict=True):
        if len(name) < LONGEST_NAME and name not in HEADS:
            text = text.replace(words, name)
    return plain(text)


def cells(finding: Finding, names: tuple[str, str]) -> tuple[Any, Any]:
    """The values for two columns: what each side states, or in a check what was expected."""
    if names == HEADS:
        return finding.expected or None, finding.other
    return finding.reference, finding.other


def rests_on(finding: Finding) -> list[tuple[str, str]]:
    """What a finding rests on besides its own fact: each under its own name, side by side."""
    paths = dict.fromkeys(fact.path for fact in finding.facts if fact.path != finding.path)
    told = []
    for path in paths:
        sides = [fact for fact in finding.facts if fact.path == path]
        shown = [_stated(fact) for fact in sides]
        one = len(shown) == 1 or shown[0] == shown[1]
        told.append((where(path), shown[0] if one else " -> ".join(shown)))
    return told


def _stated(fact: Fact) -> str:
    if fact.state == "unknown":
        return "unknown"
    return "absent" if fact.state == "absent" else value(fact.value)


def column_names(report: document.Report, item: document.Judged) -> tuple[str, str]:
    """Heads of the two value columns."""
    if report.reference is None:
        return HEADS
    reference, other = _short(report.reference), _short(item.side)
    if reference == other:
        reference, other = _base(report.reference), _base(item.side)
    return (reference, other) if reference != other else ("reference", "other")


def _short(side: document.Side) -> str:
    return plain(side.label)[:LONGEST_NAME] if side.label else _base(side)


def _base(side: document.Side) -> str:
    return plain(side.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".json"))[
        :LONGEST_NAME
    ]


def where(path: tuple[str, ...]) -> str:
    """A path as people read it."""
    return plain(text(path))


def folded_path(path: str, width: int) -> str:
    """Break a long path before a dot or a bracket, where people would."""
    lines, line = [], ""
    for part in re.findall(r"^[^.\[]+|[.\[][^.\[]*", path):
        if line and len(line) + len(part) > width:
            lines.append(line)
            line = "  "
        line += part
    return "\n".join([*lines, line])
