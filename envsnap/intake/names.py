"""Names that users and files give to entries of a section, without secrets in them."""

from __future__ import annotations

from typing import Any

from envsnap.model.paths import text as path_text
from envsnap.redact import decision

SHORTEST = 16  # of a token; what is shorter is not looked at
REASON = "redacted: a secret in a name"


def clean(section: dict[str, Any]) -> None:
    """Take secrets out of the names of a section's entries; a number keeps two of them apart.

    A file is named by its path, a seed and a config as the user says: each may hold a token.
    """
    entries = section.get("entries")
    if not isinstance(entries, dict):
        return
    for name in [name for name in entries if isinstance(name, str) and len(name) >= SHORTEST]:
        shown = decision.message(name, {})
        if shown == name:
            continue
        count = 1
        while shown in entries:
            count += 1
            shown = f"{decision.message(name, {})} {count}"
        entries[shown] = entries.pop(name)
        _tell(section, name, shown)
        _paths(entries[shown])


def _tell(section: dict[str, Any], name: str, shown: str) -> None:
    """The gap of the name, and those of what it names under their new path."""
    gaps = section.setdefault("gaps", {})
    if not isinstance(gaps, dict):
        return
    before, after = path_text((name,)), path_text((shown,))
    for path in [path for path in gaps if isinstance(path, str) and path.startswith(before)]:
        gaps[after + path[len(before) :]] = gaps.pop(path)
    gaps.setdefault(after, REASON)


def _paths(entry: object) -> None:
    """What a file is called stands in its path, too."""
    if isinstance(entry, dict):
        decision.sweep(entry, lambda _path, _why, _lost: None)
