"""A bisection as one HTML file, in the look of the other reports; it has no script."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap._version import __version__
from envsnap.bisection.result import Bisection, Cause, Quoted, Sample
from envsnap.report import bisection_lines as said
from envsnap.report.html_page import page
from envsnap.report.html_tables import fold, table
from envsnap.report.markup import Html, lines, tag

BADGES = {"good": "same", "bad": "error", "other": "warning"}
OUTCOMES = {"proven": "diverged", "not carried": "undecided", "unknown": "undecided"}
MOST_LINES = 40


def render(found: Bisection) -> str:
    """Write the file: the answer first, then the proofs, then everything that was tried."""
    pairs = list(said.proofs(found))
    if not pairs and (ends := said.ends(found)) is not None:
        pairs = [ends]
    return page(
        said.HEADS[found.outcome],
        tag("h1", said.headline(found), class_=f"outcome {OUTCOMES[found.outcome]}"),
        tag("dl", lines(*_terms(found)), class_="answer"),
        lines(*map(_cause, found.causes)),
        _smallest(found),
        tag("h2", "proofs" if found.undone is not None else "both ends") if pairs else "",
        lines(*(_pair(pair) for pair in pairs)),
        lines(*(tag("p", text) for text in (said.certainty(found), said.needed(found)) if text)),
        lines(*map(_finding, found.host_findings)),
        tag("h2", "trials") if found.tried else "",
        _tried(found),
        _held(found),
        lines(
            *(tag("p", note, class_="quiet") for note in (*found.notes, said.cost(found)) if note)
        ),
        tag("p", f"Written by envsnap {__version__}.", class_="quiet"),
    )


def _terms(found: Bisection) -> Iterator[Html]:
    for word, text in said.about(found):
        yield tag("dt", word)
        yield tag("dd", tag("code", text))


def _cause(cause: Cause) -> Html:
    rows = [
        tag(
            "tr", tag("th", word, scope="row"), tag("td", tag("code", item.path)),
            tag("td", said.shown(item.good)), tag("td", said.shown(item.bad)),
            tag("td", said.place(item)),
        )
        for word, item in said.members(cause)
    ]  # fmt: skip
    return lines(
        table(("", "fact", "good", "bad", "in diff"), rows),
        lines(*map(_finding, cause.findings)),
        tag("p", "Fix: ", *(tag("code", f"{fix} ") for fix in cause.fixes)),
    )


def _smallest(found: Bisection) -> Html:
    if not found.smallest:
        return Html("")
    rows = [
        tag("tr", tag("td", tag("code", item.path)), tag("td", said.change(item)))
        for item in found.smallest
    ]
    return fold("the smallest set known to fail so far", ("fact", "difference"), rows)


def _finding(finding: Quoted) -> Html:
    fix = tag("p", f"Fix: {finding.fix}") if finding.fix else ""
    head = (
        tag("span", finding.severity, class_=f"badge {finding.severity}"),
        tag("strong", finding.message),
    )
    return tag(
        "div", tag("div", *head, class_="step"), tag("p", finding.why), fix, class_="finding"
    )


def _pair(pair: said.Pair) -> Html:
    cells = [_sample(head, sample) for head, sample in zip(pair.heads, pair.samples, strict=True)]
    return tag("div", *cells, class_="sides")


def _sample(head: str, sample: Sample) -> Html:
    badge = tag("span", said.WORDS[sample.verdict], class_=f"badge {BADGES[sample.verdict]}")
    printed = lines(*said.output(sample, MOST_LINES))
    return tag(
        "div", tag("span", head), tag("strong", badge, f" {said.result(sample)}"), tag("pre", printed)
    )  # fmt: skip


def _tried(found: Bisection) -> Html:
    rows = [
        tag(
            "tr", tag("td", str(item.number)),
            tag("td", tag("span", said.WORDS[item.verdict], class_=f"badge {BADGES[item.verdict]}")),
            tag("td", f"{item.failures} of {item.runs} failed"),
            tag("td", said.tried(item, len(found.atoms))),
        )
        for item in found.tried
    ]  # fmt: skip
    return table(("", "result", "runs", "as on the bad side"), rows) if rows else Html("")


def _held(found: Bisection) -> Html:
    rows = [
        tag(
            "tr", tag("td", tag("code", item.path)), tag("td", said.shown(item.good)),
            tag("td", said.shown(item.bad)), tag("td", item.why),
        )
        for item in found.held
    ]  # fmt: skip
    return fold(said.folded(found.held), ("fact", "good", "bad", "why"), rows)
