"""The report as Markdown, for issues, pull requests and chats."""

from __future__ import annotations

from envsnap.report import document, several, summary
from envsnap.report.sanitize import markdown, prose, value
from envsnap.rules.finding import Finding, Severity
from envsnap.rules.side_by_side import Table


def render(report: document.Report) -> str:
    """Write GitHub-flavoured Markdown; whatever comes from a manifest is a code span."""
    parts: list[str] = []
    if report.hosts is not None:
        parts.extend(_hosts(report, report.hosts))
    for item, same in summary.folded(report):
        parts.extend(_section(report, item, same))
    parts.extend(f"{prose(line)}\n" for line in summary.idle(report))
    return "\n".join(parts) + "\n"


def _section(
    report: document.Report, item: document.Judged, same: list[document.Judged]
) -> list[str]:
    result = item.result
    names = summary.column_names(report, item)
    lines = [f"### {prose(summary.headline(report, item, same))}", ""]
    lines += [prose(summary.outcome(report, item)), ""]
    lines += _policy(report, item)
    if result.findings:
        reference, other = names
        lines += [
            f"| | where | {prose(reference)} | {prose(other)} | what |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(finding, names) for finding in result.findings]
        lines.append("")

    def say(text: str) -> str:
        return prose(summary.sentence(text, names))

    serious = [found for found in result.findings if found.severity is not Severity.INFO]
    for finding in serious:
        fix = f" Fix: {say(finding.fix)}" if finding.fix else ""
        lines.append(f"- **{say(finding.message)}**: {say(finding.why)}{fix}")
    rest = summary.not_captured(result)
    if rest:
        lines += ["", f"{summary.rest_title(report)}: {prose(rest)}"]
    lines.append("")
    return lines


def _row(finding: Finding, names: tuple[str, str]) -> str:
    cells = [
        finding.severity.value,
        markdown(summary.where(finding.path)),
        *(_cell(item) for item in summary.cells(finding, names)),
        prose(summary.sentence(finding.message, names)),
    ]
    return f"| {' | '.join(cells)} |"


def _cell(item: object) -> str:
    return "" if item is None else markdown(value(item)[:200])


def _policy(report: document.Report, item: document.Judged) -> list[str]:
    """What the policy changed, each with its reason."""
    line = summary.ruled(report, item.result)
    if not line:
        return []
    rows = [
        f"- {prose(summary.verdict(ruling))}: {markdown(summary.where(ruling.finding.path))}"
        f" ({prose(ruling.finding.rule)}): {prose(ruling.entry.reason)}"
        for ruling in item.result.ruled.rulings
    ]
    return [f"Policy {prose(line)}", "", *rows, *([""] if rows else [])]


def _hosts(report: document.Report, table: Table) -> list[str]:
    """Several hosts side by side, and who alone differs."""
    names = summary.host_names(report)
    lines = [f"### {prose(several.title(report))}", ""]
    rows = several.shown(table)
    if rows:
        heads = [prose(several.column(hosts, names)) for hosts in table.columns]
        lines += [f"| | where | {' | '.join(heads)} |", f"|---|---{'|---' * len(heads)}|"]
    for line in rows:
        cells = [several.short(several.cell(line.row, hosts), 200) for hosts in table.columns]
        told = [markdown(line.where), *map(markdown, cells)]
        lines.append(f"| {line.word} | {' | '.join(told)} |")
    if not table.rows:
        lines += ["", "No fact differs between them."]
    told = [*several.alone(report), several.unknown(table, names)]
    return [*lines, "", *(f"- {prose(part)}" for part in told if part), ""]
