"""What names an item of a list in a config file, so that its place says nothing.

Entries of a list of mappings are known by a key that all have, variables and options by theirs,
requirements and specifications of conda by the distribution's name.
"""

import re
from typing import Any

IDENTITIES = ("name", "key", "id", "mountPath", "containerPort", "containerName")
LONGEST_WORD = 100
# `NAME=value`, `--option=value`, and what a requirement or a specification of conda begins with.
ASSIGNED = re.compile(r"(-{0,2}[A-Za-z_][\w.-]{0,100})=(?!=)(.*)", re.DOTALL)
REQUIRED = re.compile(
    r"([A-Za-z0-9_](?:[\w.-]{0,100}[A-Za-z0-9])?)\s*(?:\[[^\]]{0,200}\]\s*)?(?:[<>=!~;@]|$)"
)
SPECIFIED = re.compile(r"[a-z0-9_][\w.-]*=\d[\w.*!+]*(?:=\S+)?")
SIGNED = re.compile(r"[<>=!~@]")


def keyed(items: list[Any]) -> dict[str, Any] | None:
    """The items by their identity; None where one has none, or two share one."""
    shared = next((key for key in IDENTITIES if _all_have(items, key)), None)
    found: dict[str, Any] = {}
    for item in items:
        key, value = _identity(item, shared)
        if key is None or key in found:
            return None
        found[key] = value
    return found


def are_named(items: list[Any]) -> bool:
    """Whether the items have names of their own; plain words are a set of words."""
    return any(isinstance(item, dict) for item in items) or any(
        isinstance(item, str) and SIGNED.search(item) for item in items
    )


def is_word(item: Any) -> bool:
    """Whether an item can stand for itself in a path."""
    return isinstance(item, str) and 0 < len(item) <= LONGEST_WORD and not item.isdigit()


def _all_have(items: list[Any], key: str) -> bool:
    mappings = [item for item in items if isinstance(item, dict)]
    return bool(mappings) and all(isinstance(item.get(key), str | int) for item in mappings)


def _identity(item: Any, shared: str | None) -> tuple[str | None, Any]:
    if isinstance(item, dict):
        if shared is not None:
            return str(item[shared]), item
        if len(item) == 1:
            return next((str(key), value) for key, value in item.items())
        return None, item
    if not isinstance(item, str):
        return None, item
    assigned = ASSIGNED.fullmatch(item)
    if assigned is not None and not re.match(r"[^=]*[<>!~]", item):
        # All of a specification is the value: its version alone would hide the build.
        return assigned[1], item if SPECIFIED.fullmatch(item) else assigned[2]
    required = REQUIRED.match(item)
    if required is None:
        return None, item
    return re.sub(r"[-_.]+", "-", required[1]).lower(), item


def item_at(items: list[Any] | tuple[Any, ...], key: str, missing: Any) -> Any:
    """The item that a key of a path means: by identity, by place, or a word by itself.

    A place is meant, too, where the list has names and the one on the other side has none.
    """
    there = list(items)
    named = keyed(there) if are_named(there) else None
    if named is not None and key in named:
        return named[key]
    if key.isascii() and key.isdigit():
        return there[int(key)] if int(key) < len(there) else missing
    return key if named is None and key in there else missing
