"""The formats of a verdict, by the names of the command line."""

from __future__ import annotations

import json

import msgspec

from envsnap.replay.compare.verdict import Verdict
from envsnap.report import verdict_lines
from envsnap.report.sanitize import markdown, prose

NAMES = ("terminal", "markdown", "html", "json")


def render(verdict: Verdict, name: str, *, color: bool, width: int | None, ascii_only: bool) -> str:
    """Write a verdict in one of NAMES; only the terminal's format uses the keyword arguments."""
    if name == "json":
        return json.dumps(msgspec.to_builtins(verdict), indent=2, ensure_ascii=True) + "\n"
    if name == "markdown":
        return _markdown(verdict)
    if name == "html":
        from envsnap.report import verdict_html

        return verdict_html.render(verdict)
    from envsnap.report import verdict_terminal

    return verdict_terminal.render(verdict, color=color, width=width, ascii_only=ascii_only)


def _markdown(verdict: Verdict) -> str:
    """GitHub-flavoured Markdown; names and values from recordings are code spans."""
    lines = [
        f"### {prose(verdict_lines.headline(verdict))}",
        "",
        "| step | | found |",
        "|---|---|---|",
    ]
    for rung in verdict.rungs:
        told = "; ".join((rung.summary, *rung.details[:20]))
        lines.append(f"| {rung.name} | {rung.state} | {markdown(told)} |")
    if verdict_lines.has_rows(verdict):
        lines += ["", "| layer | |", "|---|---|"]
        lines += [
            f"| {markdown(row.name)} | {prose(row.text)} |" for row in verdict_lines.rows(verdict)
        ]
    lines.append("")
    lines += [f"- **{head}**: {prose(line)}" for head, line in verdict_lines.conclusion(verdict)]
    return "\n".join(lines) + "\n"
