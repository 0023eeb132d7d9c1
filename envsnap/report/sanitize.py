"""Takes the power out of text that comes from manifests.

Control codes, bidirectional tricks, and the markup of each output format: every report goes
through here.
"""

from __future__ import annotations

import json
import re

# C0 and C1 controls, line and paragraph separators, bidirectional controls, zero-width
# characters, lone surrogates, private and non-characters used to hide text.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# `##[` and `##vso[` anywhere in a line; `::` where a word begins, since lines are trimmed.
COMMAND = re.compile(r"##(?=\[|vso\[)|(?<!\S)::(?=[A-Za-z])")
LONGEST = 2000


def plain(text: str) -> str:
    """Show what a terminal would obey, and break what the runner of a job would.

    Each hidden character becomes its escape; a blank stands inside what begins a command.
    """
    shown = HIDDEN.sub(_escape, text[:LONGEST])
    return COMMAND.sub(_broken, shown) if "##" in shown or "::" in shown else shown


def _broken(match: re.Match[str]) -> str:
    return ": :" if match.group(0) == "::" else "## "


def in_json(text: str) -> str:
    """Spell what an older kind of command begins with, anywhere in a line, as JSON's escapes."""
    return text.replace("##[", "\\u0023#[").replace("##vso[", "\\u0023#vso[")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group(0))
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def value(item: object) -> str:
    """Spell a value of a manifest in one line."""
    if isinstance(item, str):
        return plain(item)
    return plain(json.dumps(item, ensure_ascii=False, sort_keys=True, default=str))


def markdown(text: str) -> str:
    """Put text into a code span, where Markdown and GitHub do nothing with it."""
    flat = plain(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def prose(text: str) -> str:
    """Escape text that stands in a Markdown sentence."""
    return re.sub(r"([\\`*_{}\[\]<>#|!@~$&])", r"\\\1", plain(text))
