"""What a row names as its source is told to users: every key is one of its table's sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envsnap.knowledge.tables import source, table

TABLES = sorted(
    path.stem for path in (Path(__file__).parents[2] / "envsnap/knowledge").glob("*.json")
)
KEY = re.compile(r"[A-Z]{1,3}\d{0,3}")


def _keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        said = tree.get("source")
        yield from said.split(",") if isinstance(said, str) else ()
    if isinstance(tree, dict | list):
        for inner in tree.values() if isinstance(tree, dict) else tree:
            yield from _keys(inner)


@pytest.mark.parametrize("name", TABLES)
def test_every_key_of_a_source_is_explained(name: str) -> None:
    known = table(name).get("sources") or {}
    assert not {
        key for key in _keys(table(name)) if KEY.fullmatch(key.strip()) and key not in known
    }


def test_a_source_is_told_in_words() -> None:
    told = source("gpu_architectures", "G1")
    assert told.startswith("https://developer")
    assert source("gpu_architectures", "G1,somewhere") == f"{told}; somewhere"
