"""Foreign reports, recognised by their content, not by their name."""

from __future__ import annotations

import json
from typing import Any

from envsnap.errors import InputError
from envsnap.intake import collect_env, package_lists
from envsnap.model import scan

Found = tuple[str, dict[str, dict[str, Any]]]


def read(data: bytes, name: str) -> Found | None:
    """Return (what it is, sections) of a report, or None for what is none.

    Raises InputError for JSON that is refused whatever it is.
    """
    head = data.lstrip()[:1]
    if head in (b"{", b"["):
        tree = _json(data, name)
        if tree is not None and package_lists.is_json(tree):
            kind = "pip list" if isinstance(tree, list) else "pip inspect"
            return kind, package_lists.from_json(tree)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if collect_env.is_report(text):
        return "collect_env", collect_env.parse(text)
    if package_lists.is_columns(text):
        return "pip list", package_lists.columns(text)
    if package_lists.is_freeze(text):
        return "pip freeze", package_lists.freeze(text)
    return None


def _json(data: bytes, name: str) -> Any:
    """Parse what may be somebody's JSON; a manifest's errors are the codec's to tell."""
    try:
        return scan.parse(data, name)
    except (InputError, json.JSONDecodeError):
        return None
