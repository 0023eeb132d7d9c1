"""A fleet as JUnit XML: a test suite, a test case a host, so that a CI shows who failed and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from envsnap.fleet.verdict import KindVerdict, Verdict
from envsnap.report.fleet import words
from envsnap.report.sanitize import plain

# What XML 1.0 has no way to write, beyond what `plain` has made visible already.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(verdict: Verdict) -> str:
    """Write a case a host: drifted is a failure, unknown and missing are errors."""
    states = verdict.states
    total = sum(states.values())
    counts = (
        f'tests="{total}" failures="{states["drifted"]}"'
        f' errors="{states["unknown"] + states["missing"]}"'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites {counts}>\n<testsuite name="envsnap fleet" {counts}>\n'
        + "".join(_cases(verdict))
        + _notes(verdict)
        + "</testsuite>\n</testsuites>\n"
    )


def _cases(verdict: Verdict) -> Iterator[str]:
    for kind in verdict.kinds:
        inside = _inside(kind)
        for host in kind.hosts:
            yield _case(host, kind.name, inside)
    for group in verdict.silent:
        inside = f"<error message={_attribute(f'{group.state}: {group.reason}')}/>"
        for host in group.hosts:
            yield _case(host, group.state, inside)


def _notes(verdict: Verdict) -> str:
    if not verdict.notes:
        return ""
    told = "\n".join(plain(note) for note in verdict.notes)
    return f"<system-out>{escape(_xml(told))}</system-out>\n"


def _inside(kind: KindVerdict) -> str:
    if kind.state == "same":
        return ""
    facts = words.odd(kind)
    told = escape(_xml("\n".join(f"{word} {fact}".strip() for word, fact in facts)))
    first = _attribute(f"{kind.state}: {facts[0][1] if facts else ''}")
    word = "failure" if kind.state == "drifted" else "error"
    return f"<{word} message={first}>{told}</{word}>"


def _case(host: str, kind: str, inside: str) -> str:
    return f"<testcase name={_attribute(host)} classname={_attribute(kind)}>{inside}</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(_xml(plain(text)[:400]))


def _xml(text: str) -> str:
    return FORBIDDEN.sub("?", text)
