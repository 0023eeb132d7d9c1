"""The formats of a bisection, by the names of the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from envsnap.bisection.result import Bisection, Cause, Plan
from envsnap.report import bisection_lines as said
from envsnap.report.sanitize import markdown, plain, prose
from envsnap.wording import counted

NAMES = ("terminal", "markdown", "html", "json", "fix")
MOST_LINES = 12


def render(found: Bisection, name: str, *, color: bool, width: int | None, ascii_only: bool) -> str:
    """Write a bisection in one of NAMES; only the terminal's format uses the keyword arguments."""
    if name == "json":
        return json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=True) + "\n"
    if name == "markdown":
        return "\n".join(_markdown(found)) + "\n"
    if name == "html":
        from envsnap.report import bisection_html

        return bisection_html.render(found)
    if name == "fix":
        from envsnap.report import bisection_fix

        return bisection_fix.render(found)
    from envsnap.report import bisection_terminal

    return bisection_terminal.render(found, color=color, width=width, ascii_only=ascii_only)


def plan(made: Plan, name: str) -> str:
    """Write what would be varied, and in which order: JSON, or text for every other format."""
    if name == "json":
        return json.dumps(msgspec.to_builtins(made), indent=2, ensure_ascii=True) + "\n"
    lines = [
        f"{counted(len(made.atoms), 'difference')} can be varied, in this order:",
        *(f"{item.place:4}  {plain(item.path)}  {said.change(item)}" for item in made.atoms),
        f"{said.folded(made.held)}:",
        *(f"      {plain(item.path)}: {plain(item.why)}" for item in made.held),
        *(f"note: {plain(note)}" for note in made.notes),
        (
            f"estimate: {made.fewest} trials where the first suspect is it, at most {made.most} for"
            " one culprit; each cause and each further member of a set takes as many again"
        ),
    ]
    return "\n".join(lines) + "\n"


def _markdown(found: Bisection) -> Iterator[str]:
    """GitHub-flavoured Markdown; names and values from manifests are code spans."""
    yield f"### {prose(said.headline(found))}"
    yield ""
    for word, text in said.about(found):
        yield f"- {word}: {markdown(text)}"
    for cause in found.causes:
        yield from _cause(cause)
    pairs = list(said.proofs(found))
    if not pairs and (ends := said.ends(found)) is not None:
        pairs = [ends]
    for pair in pairs:
        yield ""
        yield "| | result | printed |"
        yield "|---|---|---|"
        for head, sample in zip(pair.heads, pair.samples, strict=True):
            printed = "<br>".join(markdown(line) for line in said.output(sample, MOST_LINES))
            yield f"| {prose(head)} | {prose(said.result(sample))} | {printed} |"
    yield from _rest(found)


def _cause(cause: Cause) -> Iterator[str]:
    yield ""
    yield "| | fact | good | bad | in diff |"
    yield "|---|---|---|---|---|"
    for word, item in said.members(cause):
        cells = (
            word,
            markdown(item.path),
            *map(markdown, (said.shown(item.good), said.shown(item.bad))),
        )
        yield f"| {' | '.join(cells)} | {prose(said.place(item))} |"
    yield ""
    for finding in cause.findings:
        yield f"- **{prose(finding.message)}**: {prose(finding.why)}"
    for fix in cause.fixes:
        yield f"- Fix: {markdown(fix)}"


def _rest(found: Bisection) -> Iterator[str]:
    for line in (said.certainty(found), said.needed(found)):
        if line:
            yield ""
            yield prose(line)
    for finding in found.host_findings:
        yield f"- **{prose(finding.message)}**: {prose(finding.why)}"
    yield ""
    yield "| trial | result | runs | as on the bad side |"
    yield "|---|---|---|---|"
    for item in found.tried:
        told = prose(said.tried(item, len(found.atoms)))
        yield f"| {item.number} | {said.WORDS[item.verdict]} | {item.runs} | {told} |"
    if found.held:
        yield ""
        yield f"{said.folded(found.held)}:"
        yield ""
        for held in found.held:
            yield f"- {markdown(held.path)}: {prose(held.why)}"
    yield ""
    for note in (*found.notes, said.cost(found)):
        if note:
            yield f"- {prose(note)}"
