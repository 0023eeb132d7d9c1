"""Ways in which inputs go wrong: bytes, words, numbers, and the shape of a tree."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

ODD = (
    None, True, False, 0, -1, 2**63, 10**400, 1e308, "", "x" * 5000, "9" * 5000, "\ud800", "a\nb", "\x1b[2J",
    [], {}, [[]], {"": {}}, {"a": 1}, [1, "a", None], "../../etc/passwd", "1.0.0.0.0", "::error::", "ghp_" + "a1B2" * 9,
    "sha256:" + "0" * 64, "entries", "complete",
)  # fmt: skip
WORDS = (
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"\n", b"\0", b"\xff\xfe", b"NaN", b"1e999", b"-", b"==", b"  ", b"\r", b"&a *a",
    b"facts ", b"progress [", b"-begin\n", b"-end\n", b"\xef\xbb\xbf", b"[section]", b"9" * 5000, b"<!--", b"%0A", b"\\ud800",
)  # fmt: skip


NUMBERS = (b"0", b"-1", b"9" * 5000, b"\xc2\xb2", b"1e999", b"1.2.3", b"18446744073709551616", b"")


def bytes_of(data: bytes, rng: random.Random) -> bytes:
    """Cut, double, flip and put in words."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(found) + 1)
        choice = rng.randrange(7)
        if choice == 0 and found:
            found[place % len(found)] ^= 1 << rng.randrange(8)
        elif choice == 1:
            found[place:place] = rng.choice(WORDS)
        elif choice == 2:
            del found[place : place + rng.randint(1, 40)]
        elif choice == 3:
            end = min(len(found), place + rng.randint(1, 200))
            found[place:place] = found[place:end] * rng.randint(1, 3)
        elif choice == 4:
            del found[place:]
        elif choice == 5 and (numbers := list(re.finditer(rb"[0-9]+", found))):
            begin, end = rng.choice(numbers).span()
            found[begin:end] = rng.choice(NUMBERS)
        else:
            other = rng.randrange(len(found) + 1)
            found[place : place + 20] = found[other : other + 20]
    return bytes(found)


def tree_of(tree: Any, rng: random.Random) -> Any:
    """Put odd values into a tree, drop keys, move branches."""
    found = copy.deepcopy(tree)
    for _ in range(rng.randint(1, 4)):
        spots = list(_spots(found))
        if not spots:
            return rng.choice(ODD)
        holder, key = rng.choice(spots)
        choice = rng.randrange(5)
        if choice < 3:
            holder[key] = copy.deepcopy(rng.choice(ODD))
        elif choice == 3:
            other, name = rng.choice(spots)
            holder[key] = copy.deepcopy(other[name])
        elif isinstance(holder, dict):
            holder[rng.choice(["", "entries", "gaps", "x" * 300, "\u202e", "complete"])] = (
                holder.pop(key)
            )
        else:
            del holder[key]
    return found


def _spots(tree: Any) -> Any:
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in list(items):
        yield tree, key
        yield from _spots(value)


def json_of(data: bytes, rng: random.Random) -> bytes:
    """A mutated tree as JSON, lone surrogates and all."""
    return json.dumps(tree_of(json.loads(data), rng)).encode("utf-8", "surrogatepass")
