"""The report as annotations of GitHub Actions, and as the job's summary.

The runner obeys lines that start with `::`, and ends a command at the end of its line: every
text goes through the sanitiser and then through the runner's own escapes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from envsnap.model import storage
from envsnap.report import document, markdown, places, summary
from envsnap.report.sanitize import plain
from envsnap.rules.finding import Finding, Severity

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
MOST_A_LEVEL = 10  # GitHub shows as many of a level in one step
LARGEST_SUMMARY = 1 << 20  # GitHub refuses a larger one


def render(report: document.Report) -> str:
    """Write one workflow command a finding; where there are too many, the last says how many."""
    lines: list[str] = []
    every = [command for item in report.judged for command in _annotations(report, item)]
    for severity in Severity:
        found = [command for told, command in every if told is severity]
        shown = found if len(found) <= MOST_A_LEVEL else found[: MOST_A_LEVEL - 1]
        lines.extend(shown)
        if len(found) > len(shown):
            more = f"{len(found) - len(shown)} more; the job's summary and --format json have all"
            lines.append(_command(COMMANDS[severity], {"title": "envsnap"}, more))
    for item in report.judged:
        told = [summary.headline(report, item), summary.outcome(report, item)]
        told.append(summary.ruled(report, item.result))
        lines.append(data(f"envsnap: {': '.join(filter(None, told))}"))
    lines += [data(f"envsnap: {line}") for line in summary.idle(report)]
    return "".join(f"{line}\n" for line in lines)


def job_summary(report: document.Report, room: int = LARGEST_SUMMARY) -> str:
    """Write the Markdown report, cut at a line where it would be larger than `room` bytes."""
    whole = markdown.render(report)
    if len(whole.encode()) <= room:
        return whole
    end = "\nThis summary was cut; `--format json` has all.\n"
    if room < len(end):
        return ""
    kept, size = [], len(end)
    for line in whole.splitlines(keepends=True):
        size += len(line.encode())
        if size > room:
            break
        kept.append(line)
    return "".join(kept) + end


def _annotations(report: document.Report, item: document.Judged) -> Iterator[tuple[Severity, str]]:
    lines = places.found(item)
    names = summary.column_names(report, item)
    for finding in item.result.findings:
        line = lines.get(finding.path)
        yield finding.severity, _annotation(item.side.name, line, finding, names)


def _annotation(name: str, line: int | None, finding: Finding, names: tuple[str, str]) -> str:
    properties = {}
    if line is not None:
        folder = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
        properties = {"file": storage.below(name, folder) or name, "line": str(line)}
    properties["title"] = f"envsnap {finding.rule}: {summary.where(finding.path)}"
    told = (finding.message, finding.why, f"Fix: {finding.fix}" if finding.fix else "")
    message = "\n".join(summary.sentence(part, names) for part in told if part)
    return _command(COMMANDS[finding.severity], properties, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{data(message)}"


def data(text: str) -> str:
    """Text after the second `::`; its own line breaks stay, as the runner spells them.

    `##[` is how an older kind of command starts, anywhere in a line.
    """
    lines = [plain(line).replace("##[", "## [") for line in text.split("\n")]
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    """The value of a property."""
    return data(plain(text)).replace(":", "%3A").replace(",", "%2C")
