"""`pipdeptree`, as text or JSON: what is installed, wherever it stands in the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Package

BRANCH = re.compile(
    r"^[\s\u2502\u251c\u2514\u2500|+`-]*(?P<name>[\w.-]{1,120}) \[required: [^\[\]\n]{1,200},"
    r" installed: (?P<version>[^\[\]\s]{1,60})\]$"
)
ROOT = re.compile(r"^\s{0,12}(?P<name>[\w.-]{1,120})==(?P<version>[^\s;@#]{1,60})$")
DEEPEST = 100
UNKNOWN = "?"


def recognise(source: Source) -> bool:
    """A branch that names what is required and what is installed, or the program's own JSON."""
    tree = source.json
    if isinstance(tree, list):
        return bool(tree) and all(isinstance(item, dict) and _is_node(item) for item in tree)
    return any(map(BRANCH.match, source.bare))


def _is_node(item: dict[str, Any]) -> bool:
    inner = item.get("package", item)
    return isinstance(item.get("dependencies"), list) and isinstance(inner, dict) and (
        {"package_name", "installed_version"} <= set(inner)
    )  # fmt: skip


def read(source: Source) -> Draft:
    """The versions; of what is required and not there, that it is missing."""
    draft = Draft("the output of pipdeptree", "installed")
    tree = source.json
    for name, version in _of_json(tree, 0) if isinstance(tree, list) else _of_text(source):
        if not names.is_name(name):
            continue
        if version == UNKNOWN:
            draft.gap("packages", (canonical(name),), "absent: pipdeptree does not find it")
        elif names.is_version(version):
            draft.package(canonical(name), Package(version=version))
    if source.cut and not isinstance(tree, list):
        draft.leave_end(source.cut)
    return draft


def _of_text(source: Source) -> Iterator[tuple[str, str]]:
    for line in source.bare:
        found = BRANCH.match(line) or ROOT.match(line)
        if found is not None:
            yield found["name"], found["version"]


def _of_json(items: list[Any], depth: int) -> Iterator[tuple[str, str]]:
    """Each node of `--json` and of `--json-tree`."""
    for item in items if depth < DEEPEST else ():
        if isinstance(item, dict):
            inner = item.get("package", item)
            if isinstance(inner, dict):
                yield str(inner.get("package_name", "")), str(inner.get("installed_version", ""))
            below = item.get("dependencies")
            if isinstance(below, list):
                yield from _of_json(below, depth + 1)
