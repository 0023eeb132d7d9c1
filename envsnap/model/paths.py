"""Paths: how one fact of a manifest is named, as a tuple of keys and in text.

`("packages", "ruamel.yaml", "version")` reads `packages["ruamel.yaml"].version`. The word
`entries`, under which a section keeps its map, is left out of paths.
"""

import json
import re
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
STEP = r'\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]'


def text(path: Path) -> str:
    """Spell a path: plain keys joined by dots, numbers and other keys in brackets."""
    parts: list[str] = []
    for key in path:
        if PLAIN_KEY.fullmatch(key):
            parts.append(f".{key}" if parts else key)
        elif key.isascii() and key.isdigit():
            parts.append(f"[{key}]")
        else:
            parts.append(f"[{json.dumps(key)}]")
    return "".join(parts)


def reason_for(gaps: dict[str, str], inner: Path) -> str | None:
    """Return why the fact at a path inside a section is unknown, or None if no gap covers it."""
    if not gaps:
        return None
    for length in range(len(inner), 0, -1):
        found = gaps.get(text(inner[:length]))
        if found is not None:
            return found
    folder, slash, _ = inner[0].partition("/")
    if slash and text((folder,)) in gaps:
        return gaps[text((folder,))]  # a named folder that could not be read
    return gaps.get("entries") or gaps.get("collector")


def keys(spelled: str) -> Path:
    """Read a path as `text` spells it; what is spelled otherwise is one key."""
    found: list[str] = []
    for match in re.finditer(STEP, spelled):
        plain, number, quoted = match.groups()
        found.append(plain or number or (json.loads(quoted) if quoted else ""))
    return tuple(found) if text(tuple(found)) == spelled else (spelled,)
