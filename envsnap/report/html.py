"""The report as one HTML file: it works from the disk, on paper, and without its script."""

from __future__ import annotations

import re
from collections import Counter

from envsnap._version import __version__
from envsnap.model.paths import text
from envsnap.report import document, html_hosts, html_tables, summary
from envsnap.report.html_page import page
from envsnap.report.markup import Html, joined, lines, tag
from envsnap.report.sanitize import value
from envsnap.rules.finding import Finding, Severity

LINK = re.compile(r"https://[!-~]{1,500}")
DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{40,128}")
MOST_OPEN = 3
MOST_FINDINGS = 5000  # a browser must be able to filter them while one types
SHORT = 80


def render(report: document.Report) -> str:
    """Write the file."""
    hosts = html_hosts.section(report, report.hosts) if report.hosts is not None else ""
    return page(
        _title(report),
        tag("h1", _title(report)),
        _sides(report),
        _filters(report),
        tag("p", "No finding fits the filter.", id="nothing", class_="quiet", hidden=True),
        hosts,
        *(_section(report, item, same) for item, same in summary.folded(report)),
        _idle(report),
        tag("p", f"Written by envsnap {__version__}.", class_="quiet"),
        scripted=True,
    )


def _title(report: document.Report) -> str:
    names = summary.host_names(report)
    if not names:
        return "nothing to check"
    if report.reference is None:
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    against = names[1] if len(names) == 2 else f"{len(names) - 1} others"
    return f"{names[0]} (reference) against {against}"


def _sides(report: document.Report) -> Html:
    cards = [_side("checked" if report.reference is None else "other", i) for i in report.judged]
    if report.reference is not None:
        reference = document.Judged(side=report.reference, result=report.judged[0].result)
        cards.insert(0, _side("reference", reference))
    return tag("div", *cards, class_="sides")


def _side(role: str, item: document.Judged) -> Html:
    side = item.side
    made = f"captured {side.created_at}" if side.created_at else "time of capture not known"
    return tag(
        "div",
        tag("span", role),
        tag("strong", summary.title(side)),
        tag("span", made),
        tag("span", f"fingerprint {side.fingerprint[:19]}", title=side.fingerprint),
    )


def _filters(report: document.Report) -> Html:
    shown = [item for item, _ in summary.folded(report)]
    findings = [finding for item in shown for finding in item.result.findings]
    by_severity = Counter(finding.severity for finding in findings)
    by_section = Counter(_place(finding) for finding in findings)
    chips = [
        tag(
            "label",
            tag("input", type="checkbox", value=severity.value, checked=True),
            f"{severity.value} {by_severity[severity]}",
            class_=f"chip {severity.value}",
        )
        for severity in Severity
    ]
    sections = [
        tag("option", f"{name} ({count})", value=name) for name, count in sorted(by_section.items())
    ]
    every = tag("option", "all sections", value="")
    return tag(
        "form",
        tag("fieldset", tag("legend", "Severity"), *chips),
        tag("label", "Section", tag("select", every, *sections, id="section")),
        tag("label", "Search", tag("input", type="search", id="search", placeholder="press /")),
        tag("button", "Open all", type="button", id="toggle"),
        tag("output", id="shown", aria_live="polite"),
        class_="filters",
        role="search",
        aria_label="Filter the findings",
    )


def _place(finding: Finding) -> str:
    return finding.path[0] if finding.path else "no section"


def _section(report: document.Report, item: document.Judged, same: list[document.Judged]) -> Html:
    names = summary.column_names(report, item)
    notes = {
        _key(ruling.finding): f"{summary.verdict(ruling)}: {ruling.entry.reason}"
        for ruling in item.result.ruled.rulings
    }
    alone = report.reference is None
    findings = [
        _finding(number, finding, names, alone=alone, note=notes.get(_key(finding), ""))
        for number, finding in enumerate(item.result.findings[:MOST_FINDINGS], 1)
    ]
    more = len(item.result.findings) - len(findings)
    return lines(
        tag("h2", summary.headline(report, item, same)) if len(report.judged) > 1 else "",
        tag("p", summary.outcome(report, item)),
        _policy(report, item),
        # Not <ol>: hiding one of n list items costs a browser n steps.
        tag("div", lines(*findings), class_="findings", role="list"),
        tag("p", f"… and {more:,} more; --format json has all.") if more else "",
        _rest(report, item),
    )


def _key(finding: Finding) -> tuple[str, tuple[str, ...], str]:
    """What a finding keeps when a policy changes its severity."""
    return finding.rule, finding.path, finding.message


def _finding(
    number: int, finding: Finding, names: tuple[str, str], *, alone: bool, note: str
) -> Html:
    serious = finding.severity is not Severity.INFO
    values = [] if alone else _values(finding)
    head = tag(
        "summary",
        tag("span", str(number), class_="number"),
        tag("span", finding.severity.value, class_=f"badge {finding.severity.value}"),
        tag("code", summary.where(finding.path)),
        tag("span", *(values or [summary.sentence(finding.message, names)]), class_="values"),
    )
    body = tag("div", _facts(finding, names, note, in_head=bool(values)), class_="body")
    fold = tag("details", head, body, open=serious and number <= MOST_OPEN)
    return tag(
        "div",
        fold,
        class_="finding",
        role="listitem",
        data_severity=finding.severity.value,
        data_section=_place(finding),
    )


def _values(finding: Finding) -> list[str]:
    """Both values in one line, as far as there are any."""
    reference, other = _short(finding.reference), _short(finding.other)
    if finding.reference is None and finding.other is None:
        return []
    mine = tag("ins", other, class_="value")
    return (
        [mine]
        if finding.reference is None
        else [tag("del", reference, class_="value"), " → ", mine]
    )


def _short(item: object) -> str:
    told = "-" if item is None else value(item)
    if DIGEST.fullmatch(told):
        return told.removeprefix("sha256:")[:10] + "…"
    return told if len(told) <= SHORT else told[: SHORT - 1] + "…"


def _facts(finding: Finding, names: tuple[str, str], note: str, *, in_head: bool) -> Html:
    """What the head of a finding leaves out; `in_head` tells that it shows the values."""
    what = tag("strong", summary.sentence(finding.message, names))
    rows: list[tuple[str, str]] = [
        ("what", what if in_head else ""),
        ("why", summary.sentence(finding.why, names)),
        ("fix", summary.sentence(finding.fix, names)),
    ]
    for name, item in zip(names, summary.cells(finding, names), strict=True):
        if item is not None and not (in_head and _short(item) == value(item)):
            rows.append((name, tag("span", value(item), class_="value")))
    rest = [joined(tag("code", name), f" {told}") for name, told in summary.rests_on(finding)]
    rows.append(("rests on", joined(*(tag("div", item) for item in rest))))
    sure = f"{finding.effect.value}, {finding.confidence.value}"
    rows.append(("effect", sure))
    rows.append(("policy", note))
    rows.append(("rule", tag("code", finding.rule)))
    if LINK.fullmatch(finding.source):
        link = tag("a", finding.source, href=finding.source, rel="noopener noreferrer")
        rows.append(("source", link))
    else:
        rows.append(("source", finding.source))
    told = [joined(tag("dt", name), tag("dd", item)) for name, item in rows if item]
    return tag("dl", lines(*told))


def _policy(report: document.Report, item: document.Judged) -> Html:
    """What the policy changed, each with its reason; never closed without a count."""
    line = summary.ruled(report, item.result)
    if not line:
        return Html("")
    rows = [
        tag(
            "tr",
            tag("td", summary.verdict(ruling)),
            tag("td", tag("code", summary.where(ruling.finding.path))),
            tag("td", ruling.entry.reason),
            tag("td", summary.entry(ruling.entry)),
        )
        for ruling in item.result.ruled.rulings
    ]
    heads = ("what became of it", "where", "reason", "entry")
    return html_tables.fold(f"Policy {line}", heads, rows)


def _rest(report: document.Report, item: document.Judged) -> Html:
    """Everything that could not be compared, and why."""
    result = item.result
    told = [(text(path), reason, "one side") for path, reason in result.unknown.items()]
    told += [(path, reason, "") for path, reason in result.not_compared.items()]
    if not told:
        return Html("")
    rows = [
        tag("tr", tag("td", tag("code", path)), tag("td", reason), tag("td", where))
        for path, reason, where in told
    ]
    return html_tables.fold(
        f"{summary.rest_title(report)}: {len(told)}", ("where", "why", "unknown on"), rows
    )


def _idle(report: document.Report) -> Html:
    return lines(*(tag("p", line, class_="quiet") for line in summary.idle(report)))
