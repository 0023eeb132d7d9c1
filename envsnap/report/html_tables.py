"""Tables of the HTML reports, and lists that can be folded."""

from __future__ import annotations

from collections.abc import Sequence

from envsnap.report.markup import Html, lines, tag


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
