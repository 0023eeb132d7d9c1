"""The report as Markdown, for issues, pull requests and chats."""

from __future__ import annotations

from envsnap.report import document, summary
from envsnap.report.sanitize import markdown, prose, value
from envsnap.rules.finding import Finding, Severity


def render(report: document.Report) -> str:
    """Write GitHub-flavoured Markdown; whatever comes from a manifest is a code span."""
    parts: list[str] = []
    for item in report.judged:
        parts.extend(_section(report, item))
    return "\n".join(parts) + "\n"


def _section(report: document.Report, item: document.Judged) -> list[str]:
    result = item.result
    lines = [f"### {prose(summary.headline(report, item))}", ""]
    lines += [prose(summary.tally(result, report.reference is not None)), ""]
    if result.findings:
        left, right = summary.column_names(report, item)
        lines += [f"| | where | {prose(left)} | {prose(right)} | what |", "|---|---|---|---|---|"]
        names = summary.column_names(report, item)
        lines += [_row(finding, names) for finding in result.findings]
        lines.append("")

    def say(text: str) -> str:
        return prose(summary.sentence(text, summary.column_names(report, item)))

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
        _cell(finding.left),
        _cell(finding.right),
        prose(summary.sentence(finding.message, names)),
    ]
    return f"| {' | '.join(cells)} |"


def _cell(item: object) -> str:
    return "" if item is None else markdown(value(item)[:200])
