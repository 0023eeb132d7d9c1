"""Texts in quotes are told from numbers, switches and nothing, in formats that have both."""

from __future__ import annotations

import pytest

from envsnap.intake import config_trees


def texts(kind: str, text: str) -> dict[str, str] | None:
    tree = config_trees.parse(text, kind, quotes=True)
    return config_trees.texts_in(tree, config_trees.redact(tree, ("app",), {}))


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("yaml", 'a: "false"\nb: false\nc: \'1.10\'\nd: "word"\ne: ""\nf:\n', {"a": "false", "c": "1.10", "e": ""}),
        ("yaml", 'a:\n- x: "0123"\n- x: 0123\n', {"a[0].x": "0123"}),
        ("json", '{"a": "true", "b": true, "c": "3", "d": 3, "e": "x 3"}', {"a": "true", "c": "3"}),
        ("toml", 'a = "off"\n[b]\nc = "1e-4"\nd = 1e-4\n', {"a": "off", "b.c": "1e-4"}),
        ("yaml", "a: |\n  12\nb: >-\n  12\n", {}),
    ],
)  # fmt: skip
def test_what_reads_otherwise_without_quotes(kind: str, text: str, found: dict[str, str]) -> None:
    assert texts(kind, text) == found


def test_a_secret_is_not_among_them() -> None:
    assert texts("yaml", 'db_password: "86753090"\nport: "8675"\n') == {"port": "8675"}


def test_too_many_are_not_told() -> None:
    many = "\n".join(
        f'k{number}: "{number}"' for number in range(config_trees.MOST_READ_OTHERWISE + 1)
    )
    assert texts("yaml", many) is None
