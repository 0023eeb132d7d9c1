"""The formats of a bisection, by the names of the command line."""

from __future__ import annotations

import json

import msgspec

from envsnap.bisection.result import Bisection
NAMES = ("terminal", "markdown", "html", "json")
def render(found: Bisection, name: str, *, color: bool, width: int | None, ascii_only: bool) -> str:
    return json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=True) + "\n"
def plan(p,style): return str(p)
