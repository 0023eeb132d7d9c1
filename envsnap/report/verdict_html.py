"""A verdict as one HTML file, in the look of the report on environments; it has no script."""

from __future__ import annotations

from collections.abc import Sequence

from envsnap._version import __version__
from envsnap.replay.compare.verdict import Layer, Rung, Side, Verdict
from envsnap.report import verdict_lines
from envsnap.report.html_page import page
from envsnap.report.html_tables import fold, table
from envsnap.report.markup import Html, lines, tag

MOST_LAYERS = 5000
MOST_DETAILS = 200
# The badge of a mark, and the word that it shows where colours do not.
BADGES = {"same": "same", "note": "warning", "bad": "error", "open": "warning", "rest": "info"}
WORDS = {"same": "ok", "note": "differs", "bad": "bad", "open": "open", "rest": "-"}


def render(verdict: Verdict) -> str:
    """Write the file: the answer first, then the steps, then the layers."""
    first_of = "layers around the first divergence" if verdict.first else "layers"
    rows = [_row(row) for row in verdict_lines.rows(verdict)]
    has_rows = verdict_lines.has_rows(verdict)
    return page(
        verdict_lines.headline(verdict).partition(":")[0],
        tag("h1", verdict_lines.headline(verdict), class_=f"outcome {verdict.outcome}"),
        _conclusion(verdict),
        tag("div", _side("golden", verdict.golden), _side("here", verdict.other), class_="sides"),
        tag("h2", "steps"),
        tag("div", lines(*map(_rung, verdict.rungs)), class_="findings", role="list"),
        tag("h2", first_of) if has_rows else "",
        table(("", "layer", "found"), rows) if has_rows else "",
        _layers(verdict.layers),
        tag("p", f"Written by envsnap {__version__}.", class_="quiet"),
    )


def _conclusion(verdict: Verdict) -> Html:
    told = [
        item
        for head, line in verdict_lines.conclusion(verdict)
        if head != "Cause"
        for item in (tag("dt", head.lower()), tag("dd", line))
    ]
    return tag("dl", lines(*told), class_="answer") if told else Html("")


def _side(role: str, side: Side) -> Html:
    name = side.label or side.name
    about = tag("span", verdict_lines.about(side))
    return tag("div", tag("span", role), tag("strong", name), about)


def _badge(mark: str) -> Html:
    return tag("span", WORDS[mark], class_=f"badge {BADGES[mark]}")


def _rung(rung: Rung) -> Html:
    mark = verdict_lines.RUNG_MARKS[rung.state]
    head = (_badge(mark), tag("strong", rung.name), tag("span", rung.summary, class_="values"))
    if not rung.details:
        return tag("div", tag("div", *head, class_="step"), class_="finding", role="listitem")
    rows = [tag("li", tag("code", line)) for line in rung.details[:MOST_DETAILS]]
    more = len(rung.details) - len(rows)
    body = tag("ul", *rows, tag("li", f"… and {more} more; --format json has all") if more else "")
    opened = mark in ("bad", "open", "note")
    return tag(
        "div",
        tag("details", tag("summary", *head, class_="step"), body, open=opened),
        class_="finding",
        role="listitem",
    )


def _row(row: verdict_lines.Row) -> Html:
    return tag("tr", tag("td", _badge(row.mark)), tag("th", tag("code", row.name), scope="row"), tag("td", row.text))  # fmt: skip


def _layers(layers: Sequence[Layer]) -> Html:
    """Every layer, behind a title."""
    if not layers:
        return Html("")
    rows = [
        _row(
            verdict_lines.Row(
                verdict_lines.MARKS[layer.judgement],
                f"{layer.title} {layer.type}",
                verdict_lines.told(layer),
            )
        )
        for layer in layers[:MOST_LAYERS]
    ]
    shown = "" if len(layers) <= MOST_LAYERS else f" (the first {MOST_LAYERS})"
    return fold(f"all {len(layers)} layers{shown}", ("", "layer", "found"), rows)
