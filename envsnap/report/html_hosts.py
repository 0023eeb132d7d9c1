"""Several hosts side by side in the HTML report."""

from __future__ import annotations

from envsnap.report import document, several, summary
from envsnap.report.html_tables import table
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
