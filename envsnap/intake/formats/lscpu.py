"""`lscpu`, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.intake.formats import torch_cpu, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

KEYS = {"architecture", "cpu(s)", "vendor id"}


def recognise(source: Source) -> bool:
    """The architecture first, then the keys that every lscpu has."""
    if isinstance(source.json, dict):
        return isinstance(source.json.get("lscpu"), list)
    found = _pairs(source)
    return set(found) >= {"architecture", "cpu(s)"} and ("model name" in found or "vendor id" in found) and (
        "byte order" in found or "cpu op-mode(s)" in found
    )  # fmt: skip


def read(source: Source) -> Draft:
    """The processor."""
    draft = Draft("the output of lscpu", "stated")
    tree = source.json
    told = [line.strip() for line in source.bare]
    several = sum(line.startswith("Architecture:") for line in told) > 1
    if several and len({line for line in told if line.startswith("Model name:")}) > 1:
        raise RefusedError(
            f"{source.name}: holds outputs of lscpu of several processors; put each into a file of"
            " its own"
        )
    torch_cpu.add(draft, dict(_fields(tree)) if isinstance(tree, dict) else _pairs(source))
    return draft


def _pairs(source: Source) -> dict[str, str]:
    """The keys of the block that begins with the architecture."""
    lines = [line.strip() for line in source.bare]
    start = next(
        (place for place, line in enumerate(lines) if line.startswith("Architecture:")), None
    )
    found: dict[str, str] = {}
    key = ""
    for line in lines[start:] if start is not None else ():
        pair = torch_cpu.KEY.match(line)
        if pair is None:
            if key in torch_cpu.FLAGS and torch_cpu.MORE_FLAGS.match(line):
                del found[key]  # a terminal broke them, maybe within a word
            break
        key = pair[1].strip().lower()
        torch_cpu.take(found, key, pair[2].strip())
    return found


def _fields(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of the JSON form, those of inner levels too."""
    todo = list(trees.records(tree, "lscpu"))
    seen: set[str] = set()
    while todo:
        item = todo.pop(0)
        field, data = trees.text(item, "field"), trees.text(item, "data")
        todo.extend(trees.records(item, "children"))
        if isinstance(field, str) and isinstance(data, str) and field not in seen:
            seen.add(field)
            yield field.strip().rstrip(":").lower(), data
