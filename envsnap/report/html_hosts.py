"""Tables of the HTML report: several hosts side by side, and lists that can be folded."""

from __future__ import annotations

from collections.abc import Sequence

from envsnap.report import document, several, summary
from envsnap.report.markup import Html, lines, tag
from envsnap.rules.side_by_side import Table


def section(report: document.Report, hosts: Table) -> Html:
    """Hosts side by side, who alone differs, and what is not known."""
    names = summary.host_names(report)
    heads = [several.column(column, names, 8) for column in hosts.columns]
    rows = [_row(line, hosts) for line in several.shown(hosts)]
    told = [*several.alone(report), several.unknown(hosts, names)]
    return lines(
        tag("h2", several.title(report)),
        "" if hosts.rows else tag("p", "No fact differs between them."),
        table(("", "where", *heads), rows) if rows else "",
        *(tag("p", line) for line in told if line),
    )


def _row(line: several.Line, hosts: Table) -> Html:
    word, row = line.word, line.row
    odd = row.odd_one_out() if word != "name" else None
    cells = []
    for column in hosts.columns:
        mine = odd is not None and odd.hosts[0] in column
        cell = several.short(several.cell(row, column), 200)
        cells.append(tag("td", tag("span", cell, class_="value"), class_="odd" if mine else None))
    return tag(
        "tr",
        tag("td", tag("span", word, class_=f"badge {word}")),
        tag("th", tag("code", line.where), scope="row"),
        *cells,
        data_severity=word if row.severity is not None else None,
        data_section=row.path[0] if row.severity is not None else None,
    )


def table(heads: Sequence[str], rows: Sequence[Html]) -> Html:
    """A table that scrolls by itself where it is too wide."""
    head = tag("tr", *(tag("th", name, scope="col") for name in heads))
    made = tag("table", tag("thead", head), tag("tbody", lines(*rows)))
    return tag("div", made, class_="table")


def fold(title: str, heads: Sequence[str], rows: Sequence[Html]) -> Html:
    """A table behind its title."""
    if not rows:
        return tag("p", title)
    return tag("details", tag("summary", title), table(heads, rows), class_="rest")
