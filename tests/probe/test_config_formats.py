"""A configuration is parsed as what it holds where its name's ending says less."""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap import api
from tests.conftest import Run


@pytest.mark.parametrize(
    ("name", "text", "tree"),
    [
        ("tagger.cfg", '{"features": ["shape:Y"], "bio": false}\n', {"features": ["shape:Y"], "bio": False}),
        ("service.conf", '\n {"port": 80}', {"port": 80}),
        ("tagger.ini", "[bio]\nscheme = {a}\n", {"bio": {"scheme": "{a}"}}),
    ],
)  # fmt: skip
def test_json_by_another_ending(
    name: str, text: str, tree: object, envsnap: Run, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert envsnap("capture", "--no-import", "--config", name, "-o", "m.json").returncode == 0
    found = api.load(str(tmp_path / "m.json"))
    assert found.sections.configs.entries[name].tree == tree
