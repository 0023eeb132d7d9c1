"""The report for people: a ranked table, then what to do about the first findings."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from envsnap.report import document, summary
from envsnap.report.sanitize import plain, value
from envsnap.rules.finding import Finding, Severity

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80
WIDEST = 120
DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{40,128}")
MOST_NOTES = 25
MOST_EXPLAINED = 12
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: document.Report, *, color: bool, width: int | None, ascii_only: bool) -> str:
    """Write the report as text of at most `width` columns (80 where it is not a terminal)."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=min(width or WIDTH, WIDEST),
        force_terminal=color,
        color_system="standard" if color else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    for item in report.judged:
        _section(console, report, item, ascii_only)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def _section(
    console: Console, report: document.Report, item: document.Judged, ascii_only: bool
) -> None:
    from rich.text import Text

    result = item.result
    console.print(Text(summary.headline(report, item), style="bold"))
    console.print(Text(summary.tally(result, report.reference is not None)))
    serious = [found for found in result.findings if found.severity is not Severity.INFO]
    notes = [found for found in result.findings if found.severity is Severity.INFO]
    if result.findings:
        shown = serious + notes[:MOST_NOTES]
        _table(console, shown, summary.column_names(report, item), ascii_only)
    if len(notes) > MOST_NOTES:
        console.print(
            Text(
                f"… and {len(notes) - MOST_NOTES} more notes; --format json has all.".replace(
                    "…", "..." if ascii_only else "…"
                ),
                style="dim",
            )
        )
    if serious:
        _explain(console, serious)
    rest = summary.not_captured(result)
    if rest:
        console.print(Text(f"Not compared: {rest}", style="dim"))
    console.print()


def _table(
    console: Console, findings: list[Finding], heads: tuple[str, str], ascii_only: bool
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.ASCII2 if ascii_only else box.SIMPLE_HEAD,
        pad_edge=False,
        expand=True,
        show_edge=False,
    )
    table.add_column("#", justify="right", width=3, no_wrap=True)
    table.add_column("", width=7, no_wrap=True)
    path_width = max(20, (console.width - 16) * 5 // 11)
    table.add_column("where", width=path_width, overflow="fold")
    table.add_column(Text(heads[0]), ratio=1, overflow="fold")
    table.add_column(Text(heads[1]), ratio=1, overflow="fold")
    for number, finding in enumerate(findings, 1):
        style = STYLES[finding.severity]
        table.add_row(
            Text(str(number)),
            Text(WORDS[finding.severity], style=style),
            Text(_folded(summary.where(finding.path), path_width)),
            Text(_cell(finding.left)),
            Text(_cell(finding.right)),
        )
    console.print(table)


def _folded(path: str, width: int) -> str:
    """Break a long path before a dot or a bracket, where people would."""
    lines, line = [], ""
    for part in re.findall(r"^[^.\[]+|[.\[][^.\[]*", path):
        if line and len(line) + len(part) > width:
            lines.append(line)
            line = "  "
        line += part
    return "\n".join([*lines, line])


def _cell(item: object) -> str:
    """A value in a narrow column; missing ones are a dash, long ones are cut."""
    if item is None:
        return "-"
    if isinstance(item, list):
        return _cut(", ".join(value(part) for part in item))
    return _cut(value(item))


def _cut(text: str) -> str:
    if DIGEST.fullmatch(text):
        return text[:12] + "..."
    return text if len(text) <= 48 else text[:45] + "..."


def _explain(console: Console, findings: list[Finding]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print()
    for number, finding in enumerate(findings[:MOST_EXPLAINED], 1):
        console.print(Text(f"{number}. {plain(finding.message)}", style=STYLES[finding.severity]))
        lines = [plain(finding.why)]
        if finding.fix:
            lines.append(f"Fix: {plain(finding.fix)}")
        lines.append(f"More: envsnap explain {finding.rule}")
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 3)))
    if len(findings) > MOST_EXPLAINED:
        console.print(Text(f"{len(findings) - MOST_EXPLAINED} more findings are in the table."))
