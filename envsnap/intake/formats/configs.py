"""Config files that a format takes in: parsed, without secrets, under a name that both sides share."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from msgspec import UNSET

from envsnap.intake import config_trees
from envsnap.intake.formats.draft import CUT, Draft
from envsnap.model.inputs import Config, Configs

LARGEST = 1 << 20
MOST_ABOVE = 2000  # lines in which the keys above the last one are looked for
KEY = re.compile(r"\s*(?P<item>(?:- )+)?['\"]?(?P<key>[\w./-]{1,100})['\"]?\s*:(?:\s|$)")


def add_tree(draft: Draft, name: str, tree: Any, kind: str, data: bytes | None = None) -> None:
    """Add a parsed config; what may be a secret in it becomes a gap."""
    gaps: dict[str, str] = {}
    clean = config_trees.redact(tree, (name,), gaps)
    typed = config_trees.texts_in(tree, clean) if data and kind in config_trees.TYPED else None
    config = Config(
        tree=clean,
        texts=UNSET if typed is None else typed,
        format=kind,
        sha256=hashlib.sha256(data).hexdigest() if data is not None else UNSET,
        size=len(data) if data is not None else UNSET,
    )
    draft.add(Configs(complete=False, entries={name: config}))
    for path, reason in gaps.items():
        draft.gap_text("configs", path, reason)


def add_told(draft: Draft, name: str, tree: dict[str, Any], cut: str) -> None:
    """Add settings that a report tells; where its file is cut, more of them may have followed."""
    add_tree(draft, name, tree, "yaml")
    if cut:
        draft.gap("configs", (name,), CUT)


def add_file(draft: Draft, name: str, data: bytes, kind: str) -> None:
    """Add a config file by its bytes; one that is no such text, or is large, by digest alone."""
    if len(data) <= LARGEST:
        try:
            add_tree(
                draft, name, config_trees.parse(data.decode("utf-8"), kind, quotes=True), kind, data
            )
        except (config_trees.UnparsedError, UnicodeDecodeError):
            pass
        else:
            return
    digest = Config(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    draft.add(Configs(complete=False, entries={name: digest}))


def gap_end(draft: Draft, name: str, text: str) -> None:
    """Say that the last key of a YAML text, and all below it, is not known: its line may be cut."""
    draft.gap("configs", (name, *_last_key(text.rstrip("\n").split("\n"))), CUT)


def _last_key(lines: list[str]) -> tuple[str, ...]:
    """The keys above and on the last line; of an item of a list the keys above the list."""
    found: list[str] = []
    depth = len(lines[-1]) + 1
    for line in reversed(lines[-MOST_ABOVE:]):
        match = KEY.match(line)
        indent = len(line) - len(line.lstrip())
        if not line.strip() or indent >= depth:
            continue
        if match is None or match["item"]:
            found, depth = [], indent if match is None else indent + 1
            continue
        found.append(match["key"])
        depth = indent
    return tuple(reversed(found))
