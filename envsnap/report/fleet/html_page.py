"""A fleet as one HTML file that loads nothing: kinds and hosts, searchable, up to 100,000 hosts.

Hosts stand in the page as node sets, so that the page is as long as the kinds are many, not the
hosts; the search expands them.
"""

from __future__ import annotations

from envsnap.fleet import nodeset
from envsnap.fleet.verdict import STATES, KindVerdict, Silent, Verdict
from envsnap.report import html_page
from envsnap.report.fleet import words
from envsnap.report.markup import Html, lines, tag

MOST_FACTS = 40


def render(verdict: Verdict) -> str:
    """Write the page."""
    return html_page.page(
        "fleet",
        tag("h1", words.title(verdict)),
        _states(verdict),
        lines(*(tag("p", sentence) for sentence in words.compared(verdict))),
        lines(*(tag("p", f"{note}.", class_="quiet") for note in verdict.notes)),
        _search(),
        tag("h2", f"{len(verdict.kinds):,} kinds"),
        tag("div", lines(*(_kind(kind) for kind in verdict.kinds)), class_="findings", id_="kinds"),
        _silent(verdict),
        _noise(verdict),
        scripted=True,
        script="fleet.js",
    )


def _states(verdict: Verdict) -> Html:
    boxes = [
        tag("div", tag("strong", f"{verdict.states[state]:,}"), tag("span", state))
        for state in STATES
    ]
    return tag("div", *boxes, class_="sides states")


def _search() -> Html:
    return tag(
        "form",
        tag(
            "label",
            "Host or fact ",
            tag("input", type_="search", id_="search", autocomplete="off"),
        ),
        tag(
            "label",
            "State ",
            tag(
                "select",
                tag("option", "all", value=""),
                *(tag("option", state, value=state) for state in STATES),
                id_="state",
            ),
        ),
        tag("output", "", id_="count"),
        class_="filters",
    )


def _kind(kind: KindVerdict) -> Html:
    worst = kind.worst()
    facts = words.odd(kind)
    first = facts[0][1] if facts else "like the reference" if kind.state == "same" else ""
    badge = worst.value if worst else "same" if kind.state == "same" else "info"
    head = tag(
        "summary",
        tag("span", f"{len(kind.hosts):,}", class_="value"),
        tag("span", kind.state, class_=f"badge {badge}"),
        tag("span", "reference" if kind.is_reference else first, class_="values"),
        class_="step",
    )
    told = [
        tag("li", tag("span", word, class_=f"badge {word or 'info'}"), " ", fact)
        for word, fact in facts[:MOST_FACTS]
    ]
    if len(facts) > MOST_FACTS:
        told.append(tag("li", f"{len(facts) - MOST_FACTS} more"))
    body = lines(
        tag("p", tag("code", kind.name), f" {kind.cohort}", class_="quiet"),
        tag("ul", lines(*told)) if told else "",
        _hosts(kind.hosts),
    )
    return tag(
        "div",
        tag("details", head, body, open_=kind.state != "same" and bool(facts)),
        class_="finding",
        data_state=kind.state,
    )


def _hosts(hosts: tuple[str, ...]) -> Html:
    return tag("p", tag("code", nodeset.fold(hosts), class_="hosts"))


def _silent(verdict: Verdict) -> Html:
    if not verdict.silent:
        return Html("")
    return lines(tag("h2", "Without an answer"), *(_group(group) for group in verdict.silent))


def _group(group: Silent) -> Html:
    return tag(
        "div",
        tag(
            "p",
            tag("span", f"{len(group.hosts):,} ", class_="value"),
            tag("span", group.state, class_="badge warning"),
            f" {group.reason}",
        ),
        _hosts(group.hosts),
        class_="finding",
        data_state=group.state,
    )


def _noise(verdict: Verdict) -> Html:
    if not verdict.noise:
        return Html("")
    told = [tag("li", words.noise(item)) for item in verdict.noise]
    return lines(tag("h2", "Left out of the kinds"), tag("ul", lines(*told)))
