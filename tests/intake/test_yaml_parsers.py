"""libyaml's parser and PyYAML's own say the same of a config, wherever both accept it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from envsnap.intake import config_trees

SEEDS = (
    "a: 1\nb: [1, {c: d}]\nbase: &x {q: no}\nmerged: {<<: *x, r: 012}\n",
    "a: |\n  x\n  y\nb: >-\n  z\nc: 'it''s'\nd: \"\\u00e9\\x41\"\n? complex\n: v\n",
    "first: 22:22\n---\n- !!python/object:os.system echo\n- ~\n",
)
PIECES = (
    "\t",
    " ",
    "\n",
    ":",
    "-",
    "[",
    "]",
    "{",
    "&a",
    "*a",
    "!x",
    "|",
    '"',
    "#",
    "\x85",
    "\ufeff",
    "?",
)


def outcome(text: str, kind: object) -> object:
    try:
        return config_trees._documents(text, kind)
    except (yaml.YAMLError, ValueError):
        return None


@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 80), st.sampled_from(PIECES)), max_size=3),
)
def test_the_two_parsers_agree_where_both_accept_a_text(
    seed: str, edits: list[tuple[int, str]]
) -> None:
    text = seed
    for place, piece in edits:
        text = text[:place] + piece + text[place:]
    fast, slow = (outcome(text, kind) for kind in (yaml.CSafeLoader, yaml.SafeLoader))
    if fast is not None and slow is not None:
        assert fast == slow
    if slow is not None:
        assert config_trees._yaml(text) == slow


@pytest.mark.parametrize("text", ["[" * 500_000, "\n".join(" " * i + "a:" for i in range(1300))])
def test_what_is_nested_too_deeply_is_one_line(text: str) -> None:
    with pytest.raises(config_trees.UnparsedError, match=r"nested too deeply|not YAML"):
        config_trees.parse(text, "yaml")


def test_keys_above_the_first_section() -> None:
    text = "# tracker\nconf = 0.3\nnames = a|b\n[more]\nx = 1\n"
    assert config_trees.parse(text, "ini") == {
        "conf": "0.3", "names": "a|b", "more": {"x": "1"},
    }  # fmt: skip
    assert config_trees.parse("[one]\nx = 1\n", "ini") == {"one": {"x": "1"}}
    with pytest.raises(config_trees.UnparsedError):
        config_trees.parse("conf = 0.3\n", "sections")  # a line of a text is no file
