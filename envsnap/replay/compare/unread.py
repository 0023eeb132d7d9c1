"""What differs in files and can hardly have acted: keys that no code names, weights that load equal."""

from __future__ import annotations

import ast
import re

from envsnap.replay.compare import code_lines
from envsnap.replay.esr.archive import Recording
from envsnap.replay.esr.recording import Record

WORD = re.compile(r"[A-Za-z_]\w*")
ADDED = "not set -> "


def words(record: Record) -> frozenset[str]:
    """The words of all code of a run; empty where some of it is no longer as it ran, or hands keys on."""
    texts = [
        "\n".join(code_lines.text(name, tuple(lines)))
        for name, lines in record.code.items()
        if len(lines) > 1  # an empty module has one line, and says nothing
    ]
    if not texts or not all(texts) or any(map(_hands_on, texts)):
        return frozenset()
    return frozenset(word for text in texts for word in WORD.findall(text))


def _hands_on(text: str) -> bool:
    """Whether keys that nobody names may become arguments, as in `Model(**config)`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(word.arg is None for node in calls for word in node.keywords)


def is_unread(place: str, how: str, named: frozenset[str]) -> bool:
    """Whether a key is new and its name stands in no code: `app.yaml: model.workers`, `not set -> 2`."""
    key = re.split(r": |[.\]\[]", place.rstrip("]"))[-1].strip("\"'")
    return bool(named) and how.startswith(ADDED) and key not in named


def are_weights_equal(golden: Recording, other: Recording) -> bool:
    """Whether all models have the same weights and buffers, whatever files they came from."""
    here, there = (
        {
            root.name: {name: (item.shape, item.crc32) for name, item in root.parameters.items()}
            for root in recording.record.roots
        }
        for recording in (golden, other)
    )
    known = all(crc is not None for items in here.values() for _, crc in items.values())
    return bool(here) and known and here == there
