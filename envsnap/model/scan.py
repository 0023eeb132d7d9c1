"""The bounded look at JSON from outside, before anything typed touches it.

A manifest is hostile input. Refused here, each in one line that names the place: what is too
large, too deep or has too many parts, what is not UTF-8 or not JSON, keys that appear twice,
numbers that JSON cannot carry (NaN, 1e999), and lone surrogates.
"""

import json
import re
from typing import Any, NoReturn

from envsnap.errors import InputError

LARGEST_FILE = 64 << 20
MOST_PARTS = 3_000_000
DEEPEST = 100
LONGEST_NUMBER = 400
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(data: bytes, name: str) -> Any:
    """Parse JSON within bounds; raises InputError that starts with `name`."""
    if len(data) > LARGEST_FILE:
        refuse(name, f"larger than {LARGEST_FILE >> 20} MiB")
    if not data.strip():
        refuse(name, "the file is empty")
    if data.startswith(b"\xef\xbb\xbf"):
        refuse(name, "starts with a byte order mark; save it as UTF-8 without one")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse(name, f"not UTF-8 at byte {error.start}")
    tree = _load(text, name)
    suspicious = SURROGATE.search(text) is not None
    _walk(tree, name, suspicious)
    return tree


def refuse(name: str, why: str) -> NoReturn:
    """Refuse an input in one line."""
    raise InputError(f"{name}: {why}")


def _load(text: str, name: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            refuse(name, f"the key {_twice(items)} appears twice in one object")
        return found

    def number(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            refuse(name, f"the number {digits[:40]} is out of range")
        return value

    def whole(digits: str) -> int:
        if len(digits) > LONGEST_NUMBER:
            refuse(name, f"a number of {len(digits)} digits")
        return int(digits)

    def constant(word: str) -> NoReturn:
        refuse(name, f"{word} is not JSON")

    try:
        return json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=number,
            parse_int=whole,
            parse_constant=constant,
        )
    except json.JSONDecodeError as error:
        refuse(name, f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except RecursionError:
        refuse(name, f"nested deeper than {DEEPEST} levels")


def _twice(items: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for key, _ in items:
        if key in seen:
            return json.dumps(key)[:80]
        seen.add(key)
    return "?"


def _walk(tree: Any, name: str, suspicious: bool) -> None:
    """Count parts and depth level by level; look for lone surrogates where there can be any."""
    level, depth, parts = [tree], 0, 0
    while level:
        depth += 1
        parts += len(level)
        if depth > DEEPEST:
            refuse(name, f"nested deeper than {DEEPEST} levels")
        if parts > MOST_PARTS:
            refuse(name, f"more than {MOST_PARTS:,} values")
        if suspicious:
            _refuse_surrogates(level, name)
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below


def _refuse_surrogates(level: list[Any], name: str) -> None:
    for item in level:
        texts = item.keys() if isinstance(item, dict) else (item,) if isinstance(item, str) else ()
        for part in texts:
            try:
                part.encode("utf-8")
            except UnicodeEncodeError:
                refuse(name, f"a lone surrogate in {json.dumps(part)[:80]}")
