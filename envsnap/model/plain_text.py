"""Takes the power out of text that comes from manifests, before it is shown or handed on.

What a terminal would obey, and what the runner of a job would; the markup of each output format is
the business of what writes that format.
"""

import re

# C0 and C1 controls, line and paragraph separators, bidirectional controls, zero-width
# characters, lone surrogates, private and non-characters used to hide text.
HIDDEN = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)
# `##[` and `##vso[` anywhere in a line; `::` where a word begins, since lines are trimmed.
COMMAND = r"##(?=\[|vso\[)|(?<!\S)::(?=[A-Za-z])"
LONGEST = 2000


def plain(text: str) -> str:
    """Show what a terminal would obey, and break what the runner of a job would.

    Each hidden character becomes its escape; a blank stands inside what begins a command.
    """
    shown = text[:LONGEST]
    if not (shown.isascii() and shown.isprintable()):
        shown = re.sub(HIDDEN, _escape, shown)
    return re.sub(COMMAND, _broken, shown) if "##" in shown or "::" in shown else shown


def _broken(match: re.Match[str]) -> str:
    return ": :" if match.group(0) == "::" else "## "


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group(0))
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
