"""Config files that a format takes in: parsed, without secrets, under a name that both sides share."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import UNSET

from envsnap.intake import config_trees
from envsnap.intake.formats.draft import Draft
from envsnap.model.inputs import Config, Configs

LARGEST = 1 << 20


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
