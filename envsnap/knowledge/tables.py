"""Loads the tables, each when it is first asked for.

A row's `basis` is one word: primary (read at the vendor's), secondary (a copy that cites
it), measured (by us), inferred, or memory. Only the first three may carry an error; findings
from the others say "unverified".
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from msgspec import json

TRUSTED = ("primary", "secondary", "measured")


@cache
def table(name: str) -> Any:
    """Return one table by its file's name, without the ending."""
    with open(os.path.join(os.path.dirname(__file__), f"{name}.json"), "rb") as stream:
        return json.decode(stream.read())


def source(name: str, keys: str) -> str:
    """Where rows of a table are written down; `keys` are of its sources, parted by commas."""
    known = table(name)["sources"]
    return "; ".join(str(known.get(key, key)) for key in keys.split(","))


def is_trusted(basis: str | None) -> bool:
    """Tell whether a row may carry an error; prose and nothing count as memory."""
    return basis in TRUSTED
