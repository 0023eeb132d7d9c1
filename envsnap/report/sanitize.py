"""Takes the power out of text that comes from manifests.

Control codes, bidirectional tricks, and the markup of each output format: every report goes
through here.
"""

from __future__ import annotations

import json
import re

from envsnap.model.plain_text import plain

__all__ = ["in_json", "markdown", "plain", "prose", "value"]


def in_json(text: str) -> str:
    """Spell what an older kind of command begins with, anywhere in a line, as JSON's escapes."""
    return text.replace("##[", "\\u0023#[").replace("##vso[", "\\u0023#vso[")


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
