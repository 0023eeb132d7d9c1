"""A bisection for people."""

from __future__ import annotations

import textwrap

from envsnap.bisection.result import Bisection
from envsnap.report import bisection_lines as said
from envsnap.report.sanitize import plain
from envsnap.report.verdict_terminal import Page

WIDTH, NARROWEST, WIDEST = 80, 40, 140
MOST_LINES = 8
MOST_HELD = 12


def render(found: Bisection, *, color: bool, width: int | None, ascii_only: bool) -> str:
    """Write a bisection as text of at most `width` columns (80 where it is not a terminal)."""
    columns = max(NARROWEST, min(width or WIDTH, WIDEST))
    page = Page(color, columns, ascii_only)
    page.marked("", said.MARKS[found.outcome], said.headline(found))
    page.text("")
    for word, text in said.about(found):
        page.text(f"{word:8} {plain(text)}")
    _causes(page, found)
    _proofs(page, found, columns)
    _findings(page, found)
    for line in (said.certainty(found), said.needed(found)):
        if line:
            page.text("")
            page.text(line)
    _tried(page, found)
    _rest(page, found)
    return page.finished()


def _causes(page: Page, found: Bisection) -> None:
    for cause in found.causes:
        page.text("")
        for word, item in said.members(cause):
            page.text(f"{word:12} {plain(item.path)}  {said.change(item)}  ({said.place(item)})")
    if found.smallest:
        page.text("")
        page.text("the smallest set known to fail so far:")
        for item in found.smallest:
            page.text(f"  {plain(item.path)}  {said.change(item)}")


def _proofs(page: Page, found: Bisection, width: int) -> None:
    pairs = list(said.proofs(found))
    if not pairs and (ends := said.ends(found)) is not None:
        pairs = [ends]
    column = (width - 3) // 2
    for pair in pairs:
        page.text("")
        left, right = (
            [*textwrap.wrap(head, column), *textwrap.wrap(plain(said.result(sample)), column), ""]
            + [piece for line in said.output(sample, MOST_LINES) for piece in _cut(line, column)]
            for head, sample in zip(pair.heads, pair.samples, strict=True)
        )
        for number in range(max(len(left), len(right))):
            one, two = (side[number] if number < len(side) else "" for side in (left, right))
            page.raw(f"{one:{column}} | {two}")


def _cut(line: str, width: int) -> list[str]:
    return textwrap.wrap(plain(line), width, drop_whitespace=False)[:3] or [""]


def _findings(page: Page, found: Bisection) -> None:
    for cause in found.causes:
        page.text("")
        for finding in cause.findings:
            page.text(f"{finding.severity}: {plain(finding.message)}")
            page.text(f"  {plain(finding.why)}")
        for fix in cause.fixes:
            page.text(f"Fix: {plain(fix)}")
    for finding in found.host_findings:
        page.text("")
        page.text(f"{finding.severity}: {plain(finding.message)} ({plain(finding.path)})")
        page.text(f"  {plain(finding.why)}")


def _tried(page: Page, found: Bisection) -> None:
    if not found.tried:
        return
    page.text("")
    for item in found.tried:
        runs = f"{item.failures} of {item.runs} runs failed" if item.runs > 1 else ""
        text = f"{said.WORDS[item.verdict]}: {said.tried(item, len(found.atoms))}"
        page.marked(f"{item.number:3}", said.VERDICT_MARKS[item.verdict], f"{text}  {runs}")


def _rest(page: Page, found: Bisection) -> None:
    if found.held:
        page.text("")
        page.text(f"{said.folded(found.held)}:")
        for item in found.held[:MOST_HELD]:
            values = f"{said.shown(item.good)} -> {said.shown(item.bad)}"
            page.text(f"  {plain(item.path)}  {values}: {plain(item.why)}")
        if len(found.held) > MOST_HELD:
            page.text(f"  … {len(found.held) - MOST_HELD} more; --format json has all")
    page.text("")
    for note in found.notes:
        page.text(f"note: {plain(note)}")
    page.text(said.cost(found))
    if found.log is not None:
        page.text(f"log: {plain(found.log)}")
