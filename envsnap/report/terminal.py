"""The report for people: a ranked table, then what to do about the first findings."""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import TYPE_CHECKING

from envsnap.report import columns, document, first_screen, summary
from envsnap.report.sanitize import plain, value
from envsnap.rules import registry
from envsnap.rules.finding import Finding, Severity
from envsnap.wording import apart

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80
WIDEST = 120
NARROW = 70  # below it a table has no room for values
DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{40,128}")
MOST_ROWS = 60
MOST_KINDS = 8
LONGEST_OTHER = 110
LONGEST_SOURCE = 160
LONGEST_CELL = 48
MOST_EXPLAINED = 10
MOST_TOGETHER = 6
MOST_BASIS = 4
MOST_RULINGS = 5
PAGES = {entry.id for entry in registry.REGISTRY}
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def render(report: document.Report, *, color: bool, width: int | None, ascii_only: bool) -> str:
    """Write the report as text of at most `width` columns (80 where it is not a terminal)."""
    stream = io.StringIO()
    columns_wide = max(20, min(width or WIDTH, WIDEST))
    if report.hosts is not None:
        from envsnap.report import terminal_hosts

        rich = _rich(stream, columns_wide, color=color)
        terminal_hosts.section(rich, report, ascii_only=ascii_only)
    console = (
        _rich(stream, columns_wide, color=True) if color else columns.Plain(stream, columns_wide)
    )
    for item, same in summary.folded(report):
        _section(console, report, item, same, ascii_only)
    for line in summary.idle(report):
        columns.say(console, line, "dim")
    text = "\n".join(_inert(line.rstrip()) for line in stream.getvalue().splitlines()) + "\n"
    return text.replace("…", "...") if ascii_only else text


def _rich(stream: io.StringIO, width: int, *, color: bool) -> Console:
    from rich.console import Console

    return Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )


def _inert(line: str) -> str:
    """Keep a CI runner, whose log this may be, from taking a line for a command to it.

    GitHub's obeys `::` after spaces at the start of a line, and `##[` anywhere.
    """
    line = line.replace("##[", "#'[")
    text = line.lstrip()
    return line[: max(len(line) - len(text) - 1, 0)] + f"'{text}" if text.startswith("::") else line


def _section(
    console: Console | columns.Plain,
    report: document.Report,
    item: document.Judged,
    same: list[document.Judged],
    ascii_only: bool,
) -> None:
    result = item.result
    names = summary.column_names(report, item)
    columns.say(console, summary.headline(report, item, same), "bold")
    columns.say(console, summary.outcome(report, item))
    _policy(console, report, item)
    serious = [found for found in result.findings if found.severity is not Severity.INFO]
    infos = [found for found in result.findings if found.severity is Severity.INFO]
    _first(console, report, item, names)
    shown = serious[:MOST_ROWS] + [found for found in infos if first_screen.is_hint(found)]
    if shown and console.width < NARROW:
        _list(console, shown)
    elif shown:
        _table(console, shown, names, ascii_only)
    if len(serious) > MOST_ROWS:
        more = f"… and {len(serious) - MOST_ROWS} more; --format json has all."
        columns.say(console, more, "dim")
    _infos(console, infos)
    if serious:
        _explain(console, serious, names)
    rest = summary.not_captured(result)
    if rest:
        columns.say(console, f"{summary.rest_title(report)}: {rest}", "dim")
    console.print()


def _first(
    console: Console | columns.Plain,
    report: document.Report,
    item: document.Judged,
    names: tuple[str, str],
) -> None:
    """The likeliest cause, why, what to do, and what else it could be; or what to try next."""
    found = first_screen.likeliest(item.result)
    console.print()
    if found is None:
        hint = first_screen.hint(item.result)
        if hint is None:
            _paragraph(console, "Nothing here is known to cause trouble.")
        else:
            _paragraph(
                console, f"The text tells what failed: {summary.sentence(hint.message, names)}"
            )
            _reasons(console, hint, names)
            _paragraph(console, "No fact here is known to cause it.")
        if item.result.compared or report.reference is None:
            _paragraph(console, f"Next: {first_screen.next_step(report, item)}")
        return
    message = summary.sentence(found.message, names)
    if first_screen.is_unexplained(report, found):
        what = (
            "explains the text" if report.has_text else f"is known to cause this ({report.symptom})"
        )
        _paragraph(console, f"Nothing here {what}.")
        message = f"The largest difference: {message}"
    elif first_screen.is_a_step(report, found):
        message = f"The largest difference: {message}"
    else:
        message = f"Likeliest cause: {message}"
    _paragraph(console, message, style=STYLES[found.severity])
    _reasons(console, found, names)
    known = f"rule {found.rule}" + (
        f"; {plain(found.source)[:LONGEST_SOURCE]}" if found.source else ""
    )
    _paragraph(console, f"Known from: {known}", indent=3, style="dim")
    for number, other in enumerate(first_screen.others(item.result), 2):
        head = "Or" if number == 2 else "  "
        told = _cut_sentence(summary.sentence(other.message, names))
        _paragraph(console, f"{head} {number}. {told}", style=STYLES[other.severity])
    console.print()


def _reasons(console: Console | columns.Plain, found: Finding, names: tuple[str, str]) -> None:
    _paragraph(console, f"Why: {summary.sentence(found.why, names)}", indent=3)
    if found.fix:
        _paragraph(console, f"Fix: {summary.sentence(found.fix, names)}", indent=3)


def _cut_sentence(told: str) -> str:
    return told if len(told) <= LONGEST_OTHER else told[: LONGEST_OTHER - 1] + "…"


def _infos(console: Console | columns.Plain, infos: list[Finding]) -> None:
    """What is true and harmless, or unproven: by kind."""
    lines = first_screen.folded(infos)
    for line in lines[:MOST_KINDS]:
        _paragraph(console, plain(line), style="dim")
    if lines:
        _paragraph(console, "--format json has all of them.", style="dim")


def _policy(
    console: Console | columns.Plain, report: document.Report, item: document.Judged
) -> None:
    """Say what the policy changed, and why it says it does."""
    line = summary.ruled(report, item.result)
    if line:
        columns.say(console, line)
    rulings = item.result.ruled.rulings
    for ruling in rulings[:MOST_RULINGS]:
        told = f"{summary.verdict(ruling)}: {summary.where(ruling.finding.path)}"
        columns.say(console, f"{told}: {plain(ruling.entry.reason)}", "dim", indent=3)
    if len(rulings) > MOST_RULINGS:
        more = f"   … and {len(rulings) - MOST_RULINGS} more; --format json has all."
        columns.say(console, more, "dim")


def _list(console: Console | columns.Plain, findings: list[Finding]) -> None:
    """A finding a paragraph, for narrow terminals."""
    for number, finding in enumerate(findings, 1):
        line = f"{number} {finding.severity.value} {summary.where(finding.path)}"
        if finding.reference is not None or finding.other is not None:
            line += f": {_cell(finding.reference)} -> {_cell(finding.other)}"
        columns.say(console, line, STYLES[finding.severity])


def _table(
    console: Console | columns.Plain,
    findings: list[Finding],
    heads: tuple[str, str],
    ascii_only: bool,
) -> None:
    path_width = max(20, (console.width - 16) * 5 // 11)
    rows = [_values(finding, heads) for finding in findings]
    # A check in which nothing is expected of any fact has one column of values.
    places = [1] if heads == summary.HEADS and not any(row[0] for row in rows) else [0, 1]
    room = console.width - 16 - path_width - columns.BETWEEN * len(places)
    widths = [room // 2, room - room // 2] if len(places) > 1 else [room]
    told = []
    for number, (finding, row) in enumerate(zip(findings, rows, strict=True), 1):
        place = summary.folded_path(summary.where(finding.path), path_width)
        told.append(
            [
                (str(number), ""),
                (finding.severity.value, STYLES[finding.severity]),
                (place, ""),
                *((_fitted(row[at], width), "") for at, width in zip(places, widths, strict=True)),
            ]
        )
    shown = [
        columns.Column(head="#", width=3, right=True),
        columns.Column(head="", width=7),
        columns.Column(head="where", width=path_width),
        *(
            columns.Column(head=_fitted(heads[at], width), width=width)
            for at, width in zip(places, widths, strict=True)
        ),
    ]
    columns.show(console, shown, told, ascii_only=ascii_only)


def _values(finding: Finding, heads: tuple[str, str]) -> tuple[str, str]:
    """Both values of a finding; where there is none it says why: absent, none or unknown."""
    first, second = summary.cells(finding, heads)
    if isinstance(first, str) and isinstance(second, str) and not DIGEST.fullmatch(first):
        first, second = apart(first, second, LONGEST_CELL)
    if heads == summary.HEADS:
        return "" if first is None else _cell(first), _side(finding, "other", second)
    return _side(finding, "reference", first), _side(finding, "other", second)


def _side(finding: Finding, side: str, item: object) -> str:
    if item is not None:
        return _cell(item)
    fact = next(
        (fact for fact in finding.facts if fact.path == finding.path and fact.side == side), None
    )
    if fact is None:
        return "-"
    return "none" if fact.state == "stated" else fact.state


def _cell(item: object) -> str:
    """A value in a narrow column; missing ones are a dash, long ones are cut."""
    if item is None:
        return "-"
    if isinstance(item, dict):
        named = next((item[key] for key in ("version", "sha256", "build_id") if key in item), None)
        return _cell(named) if named is not None else "present"
    if isinstance(item, list):
        return _cut(", ".join(value(part) for part in item))
    return _cut(value(item))


def _fitted(text: str, width: int) -> str:
    """Shorten words that are wider than a column in their middle, rather than break them."""
    words = [
        word if len(word) <= width else f"{word[: width // 2 - 1]}…{word[-(width - width // 2) :]}"
        for word in text.split(" ")
    ]
    return " ".join(words)


def _cut(text: str) -> str:
    if DIGEST.fullmatch(text):
        return text.removeprefix("sha256:")[:10] + "…"
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def _explain(
    console: Console | columns.Plain, findings: list[Finding], names: tuple[str, str]
) -> None:
    """Say why and what to do; findings with one reason are explained together.

    Each keeps its own fix: where these differ, each stands below its finding.
    """
    console.print()
    numbered = list(enumerate(findings, 1))
    groups = [list(group) for _, group in groupby(numbered, lambda pair: _reason(pair[1]))]
    for group in groups[:MOST_EXPLAINED]:
        shown = [finding for _, finding in group[:MOST_TOGETHER]]
        one_fix = len({finding.fix for finding in shown}) == 1
        for number, finding in group[:MOST_TOGETHER]:
            message = summary.sentence(finding.message, names)
            _paragraph(console, f"{number}. {message}", style=STYLES[finding.severity])
            for line in _basis(finding):
                _paragraph(console, line, indent=3, style="dim")
            if not one_fix and finding.fix:
                _paragraph(console, f"Fix: {summary.sentence(finding.fix, names)}", indent=3)
        if len(group) > MOST_TOGETHER:
            _paragraph(console, f"… and {len(group) - MOST_TOGETHER} more of this kind", indent=3)
        _paragraph(console, summary.sentence(shown[0].why, names), indent=3)
        if one_fix and shown[0].fix:
            _paragraph(console, f"Fix: {summary.sentence(shown[0].fix, names)}", indent=3)
        if shown[0].rule in PAGES:
            _paragraph(console, f"More: envsnap explain {plain(shown[0].rule)}", indent=3)


def _basis(finding: Finding) -> list[str]:
    """The facts that a finding cites beside its own: those that it changed stand in the table."""
    cited = {summary.where(path) for path in finding.cites}
    told = [f"{name}: {_cut(text)}" for name, text in summary.rests_on(finding) if name in cited]
    return told[:MOST_BASIS]


def _paragraph(
    console: Console | columns.Plain, line: str, *, indent: int = 0, style: str = ""
) -> None:
    """Wrap between words alone: a symbol, a path or a hash stays in one piece."""
    from textwrap import wrap

    width = max(20, console.width - indent)
    parts = wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    lines = "\n".join(" " * indent + part for part in parts)
    if isinstance(console, columns.Plain):
        console.file.write(f"{lines}\n")
        return
    from rich.text import Text

    console.print(Text(lines, style=style), soft_wrap=True)


def _reason(finding: Finding) -> tuple[str, str]:
    """What makes two findings one explanation."""
    return finding.rule, finding.why
