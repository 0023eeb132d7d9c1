"""Several hosts side by side, in columns where they fit and in lines where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envsnap.report import document, several, summary

if TYPE_CHECKING:
    from rich.console import Console

MOST_ROWS = 60
NARROWEST = 12  # a column of values
PATH = 20
STYLES = {"error": "bold red", "warning": "yellow", "info": "dim", "name": "dim"}


def section(console: Console, report: document.Report, *, ascii_only: bool) -> None:
    """Print the table, who alone differs, and what is not known."""
    from rich.text import Text

    assert report.hosts is not None
    names = summary.host_names(report)
    console.print(Text(several.title(report), style="bold"))
    rows = several.shown(report.hosts)
    if not report.hosts.rows:
        console.print(Text("No fact differs between them."))
    columns = len(report.hosts.columns)
    if rows and columns * (NARROWEST + 2) + PATH + 9 <= console.width:
        _table(console, report, rows[:MOST_ROWS], ascii_only)
    elif rows:
        _list(console, rows[:MOST_ROWS], names)
    if len(rows) > MOST_ROWS:
        more = f"… and {len(rows) - MOST_ROWS} more; --format json has all."
        console.print(Text(more, style="dim"))
    for sentence in several.alone(report):
        console.print(Text(sentence))
    rest = several.unknown(report.hosts, names)
    if rest:
        console.print(Text(rest, style="dim"))
    console.print()


def _table(
    console: Console, report: document.Report, rows: list[several.Line], ascii_only: bool
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    assert report.hosts is not None
    names = summary.host_names(report)
    table = Table(
        box=box.ASCII2 if ascii_only else box.SIMPLE_HEAD,
        pad_edge=False,
        expand=True,
        show_edge=False,
    )
    columns = report.hosts.columns
    room = console.width - 9 - len(columns) * (NARROWEST + 2)
    path_width = max(PATH, min(room, console.width * 2 // 5))
    table.add_column("", width=7, no_wrap=True)
    table.add_column("where", width=path_width, overflow="fold")
    for hosts in columns:
        table.add_column(Text(several.column(hosts, names)), ratio=1, overflow="fold")
    for line in rows:
        word, row = line.word, line.row
        odd = row.odd_one_out()
        cells = []
        for hosts in columns:
            mine = odd is not None and odd.hosts[0] in hosts and word != "name"
            text = several.short(several.cell(row, hosts))
            cells.append(Text(text, style=STYLES[word] if mine else ""))
        where = Text(summary.folded_path(line.where, path_width))
        table.add_row(Text(word, style=STYLES[word]), where, *cells)
    console.print(table)


def _list(console: Console, rows: list[several.Line], names: tuple[str, ...]) -> None:
    """A fact a paragraph, and below it each value with its hosts."""
    from rich.padding import Padding
    from rich.text import Text

    for line in rows:
        head = Text(line.word, style=STYLES[line.word])
        head.append(f" {line.where}", style="default")
        head.overflow = "fold"
        console.print(head)
        groups = sorted(line.row.groups, key=lambda group: -len(group.hosts))
        for group in groups:
            told = several.short(several.spelled(group.fact))
            text = Text(f"{told}: {several.column(group.hosts, names, 8)}", overflow="fold")
            console.print(Padding(text, (0, 0, 0, 3)))
