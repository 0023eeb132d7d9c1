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
LONGEST = 2000


def plain(text: str) -> str:
    """Show what a terminal would obey: each such character becomes its escape."""
    return HIDDEN.sub(_escape, text[:LONGEST])


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
