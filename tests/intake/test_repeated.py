"""A secret of a config is one wherever it stands in the file."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.intake import config_trees
from envsnap.redact import digests

YAML = """
common: &pw Qz7-kLm29xTT
db_password: *pw
url: http://h.example/Qz7-kLm29xTT/x
user: postgres
password: postgres
word: Rosmarin8
smtp_password: Rosmarin8
"""


def test_an_anchor_and_an_address_do_not_show_it() -> None:
    gaps: dict[str, str] = {}
    tree: Any = config_trees.parse(YAML, "yaml")
    shown = config_trees.redact(tree, ("c",), gaps, b"k" * 32)
    assert "Qz7" not in str(shown)
    assert "Qz7" not in str(gaps)
    assert "Rosmarin" not in str(shown)
    assert shown["user"] == "postgres"
    assert shown["url"].startswith("http://h.example/")
    assert digests.agree(gaps["c.common"], gaps["c.db_password"]) is True


@pytest.mark.parametrize("word", ["postgres", "changeme", "admin"])
def test_a_word_that_others_use_is_shown_elsewhere(word: str) -> None:
    shown = config_trees.redact({"password": word, "role": word}, ("c",), {})
    assert shown == {"role": word}
