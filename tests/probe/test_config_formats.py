"""A configuration is parsed as what it holds where its name's ending says less."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from envsnap import api


@pytest.mark.parametrize(
    ("name", "text", "tree"),
    [
        ("tagger.cfg", '{"features": ["shape:Y"], "bio": false}\n', {"features": ["shape:Y"], "bio": False}),
        ("service.conf", '\n {"port": 80}', {"port": 80}),
        ("tagger.ini", "[bio]\nscheme = {a}\n", {"bio": {"scheme": "{a}"}}),
    ],
)  # fmt: skip
def test_json_by_another_ending(name: str, text: str, tree: object, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    found = api.capture_interpreter(
        sys.executable, configs={name: str(tmp_path / name)}, import_frameworks=False
    )
    assert found.sections.configs.entries[name].tree == tree
