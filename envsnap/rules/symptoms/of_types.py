"""Values of a configuration that are texts on one side alone, where Python complains of a text.

Python says that it was given a text, and seldom which: the line that failed names the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envsnap.rules.finding import Finding
from envsnap.rules.symptoms.reading import Evidence, Reading

RULE = "config-type"
KINDS = ("TypeError", "ValueError", "AttributeError", "ValidationError", "FileNotFoundError")
# What Python, and libraries that check what they are given, say of a text.
OF_A_TEXT = re.compile(
    r"'str'|\bstr\b|\bstring\b|\bnot iterable\b|'(?:null|None|true|True|false|False|-?\d[\d.eE+-]{0,20})'"
)


def texts(findings: Sequence[Finding], reading: Reading) -> Iterator[tuple[Finding, Evidence]]:
    """The findings that a complaint of a text is about: those whose keys the failed lines name, or all."""
    changed = [found for found in findings if found.rule == RULE]
    for item in reading.evidence if changed else ():
        if item.raised is None or not item.raised.exception.endswith(KINDS):
            continue
        if OF_A_TEXT.search(item.raised.message):
            lines = "\n".join(frame.source for frame in item.raised.frames)
            named = [found for found in changed if _is_named(found, lines)]
            yield from ((found, item) for found in named or changed)


def _is_named(found: Finding, lines: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(found.path[-1])}(?!\w)", lines) is not None
