"""Names of classes and keys of schemas keep to one word per concept (CONTRIBUTING)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "envsnap").rglob("*.py"))
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Of the glossary's last column, the words that mean nothing else in this field.
NOT = {
    "left", "right", "mine", "theirs", "snapshot", "agent", "replica", "replicas", "sibling",
    "siblings", "delta", "clue", "hint", "hole", "actual", "desired", "excused",
    "attestation", "provenance", "dump", "issue", "problem", "diagnostic", "lint", "truncated",
}  # fmt: skip


def words(name: str) -> set[str]:
    return {word.lower() for word in WORD.findall(name)}


def classes() -> Iterator[tuple[Path, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                yield path, node.name


def keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        yield from tree.get("properties", {}) if isinstance(tree.get("properties"), dict) else ()
        for item in tree.values():
            yield from keys(item)
    elif isinstance(tree, list):
        for item in tree:
            yield from keys(item)


def test_classes_keep_to_the_words() -> None:
    assert [(path.name, name) for path, name in classes() if words(name) & NOT] == []


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").glob("*.json")), ids=lambda p: p.stem)
def test_schemas_keep_to_the_words(path: Path) -> None:
    found = set(keys(json.loads(path.read_text())))
    assert found
    assert {key for key in found if words(key) & NOT} == set()


def test_the_words_stand_in_the_glossary() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    last = " ".join(row.rsplit("|", 2)[1] for row in guide.splitlines() if row.startswith("| "))
    for word in ("left", "right", "mine", "snapshot", "siblings", "delta", "clue"):
        assert re.search(rf"\b{word}\b", last), word
