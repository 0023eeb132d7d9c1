"""A verdict for people."""

from __future__ import annotations

import textwrap

from envsnap.replay.compare.verdict import Side, Verdict
from envsnap.report import verdict_lines
from envsnap.report.sanitize import plain

WIDTH = 80
WIDEST = 120
NARROWEST = 24  # columns for what is said of a name
SYMBOLS = {"same": "●", "note": "▲", "bad": "✕", "open": "?", "rest": "·"}
ASCII = {"same": "=", "note": "!", "bad": "X", "open": "?", "rest": "."}
COLORS = {"same": "32", "note": "33", "bad": "1;31", "open": "33", "rest": "2"}
MOST_DETAILS = 8


def render(verdict: Verdict, *, color: bool, width: int | None, ascii_only: bool) -> str:
    """Write a verdict as text of at most `width` columns (80 where it is not a terminal)."""
    page = Page(color, max(40, min(width or WIDTH, WIDEST)), ascii_only)
    good = verdict.outcome in ("same", "equivalent")
    mark = "same" if good else "open" if verdict.outcome == "undecided" else "bad"
    page.marked("", mark, verdict_lines.headline(verdict))
    for head, line in verdict_lines.conclusion(verdict):
        if head != "Cause":
            page.text(f"  {head}: {plain(line)}")
    page.text("")
    for word, side in (("golden", verdict.golden), ("here", verdict.other)):
        page.text(f"{word:8} {_side(side)}")
    page.text("")
    for rung in verdict.rungs:
        mark = verdict_lines.RUNG_MARKS[rung.state]
        page.marked(f"{rung.name:12}", mark, rung.summary)
        for detail in rung.details[:MOST_DETAILS]:
            page.text(f"{'':16}{plain(detail)}")
        if len(rung.details) > MOST_DETAILS:
            page.text(f"{'':16}… {len(rung.details) - MOST_DETAILS} more; --format json has all")
    if verdict_lines.has_rows(verdict):
        page.text("")
        rows = list(verdict_lines.rows(verdict))
        wide = min(40, max(len(plain(row.name)) for row in rows))
        for row in rows:
            page.marked(f"   {plain(row.name):{wide}}", row.mark, row.text)
    return page.finished()


def _side(side: Side) -> str:
    return plain(f"{side.label or side.name}, {verdict_lines.about(side)}")


class Page:
    """Lines, wrapped and marked."""

    def __init__(self, color: bool, width: int, ascii_only: bool) -> None:
        self._color, self._width, self._ascii = color, width, ascii_only
        self._lines: list[str] = []

    def text(self, text: str) -> None:
        """Add a line, wrapped below its own indent."""
        indent = " " * (len(text) - len(text.lstrip()) + 2)
        self._lines += textwrap.wrap(
            text, self._width, subsequent_indent=indent, drop_whitespace=True,
            replace_whitespace=False, break_on_hyphens=False,
        ) or [""]  # fmt: skip

    def marked(self, name: str, mark: str, text: str) -> None:
        """Add a line with a symbol between its name and what is said of it."""
        symbol = (ASCII if self._ascii else SYMBOLS)[mark]
        head = f"{name}  " if name else ""
        shown = f"\x1b[{COLORS[mark]}m{symbol}\x1b[0m" if self._color else symbol
        if len(head) > self._width - NARROWEST:  # what is said of it stands below a long name
            self._lines.append(head.rstrip())
            head = " " * (len(name) - len(name.lstrip()) + 2)
        room = max(NARROWEST, self._width - len(head) - 3)
        wrapped = textwrap.wrap(plain(text), room, break_on_hyphens=False) or [""]
        self._lines.append(f"{head}{shown}  {wrapped[0]}")
        self._lines += [" " * (len(head) + 3) + line for line in wrapped[1:]]

    def raw(self, text: str) -> None:
        """Add a line as it is."""
        self._lines.append(text)

    def finished(self) -> str:
        """The page, without blanks at the ends of lines."""
        text = "\n".join(line.rstrip() for line in self._lines) + "\n"
        return text.replace("…", "...") if self._ascii else text
