"""Config trees: what a file says is what is compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from envsnap.changes.trees import compare
from envsnap.intake import config_trees

LEAF = st.one_of(st.booleans(), st.integers(-5, 5), st.sampled_from(["a", "1", "1.0", "no", ""]))
TREE = st.recursive(
    LEAF,
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=3)
    ),
    max_leaves=10,
)


def yaml(text: str) -> Any:
    """Parse YAML as captures do."""
    return config_trees.parse(text, "yaml")


@given(tree=st.dictionaries(st.sampled_from("xyz"), TREE, max_size=3))
def test_nothing_differs_from_itself(tree: Any) -> None:
    assert compare(tree, tree) == []


@given(
    reference=st.dictionaries(st.sampled_from("xyz"), LEAF, max_size=3),
    other=st.dictionaries(st.sampled_from("xyz"), LEAF, max_size=3),
)
def test_flat_trees_differ_key_by_key(reference: dict[str, Any], other: dict[str, Any]) -> None:
    told = {path[0] for path, _, _ in compare(reference, other)}
    assert told == {key for key in {**reference, **other} if not _same(reference, other, key)}


def _same(reference: dict[str, Any], other: dict[str, Any], key: str) -> bool:
    if (key in reference) != (key in other):
        return False
    return _meaning(reference[key]) == _meaning(other[key])


def _meaning(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return {"1": 1, "1.0": 1, 1: 1}.get(value, value)


def test_yaml_scalars_mean_what_the_file_says() -> None:
    tree = yaml("a: no\nb: 012\nc: 22:22\nd: 1.0\ne: 2024-01-01\nf: ~\ng: 1_000\n")
    assert tree == {
        "a": "no",
        "b": "012",
        "c": "22:22",
        "d": "1.0",
        "e": "2024-01-01",
        "f": "~",
        "g": "1_000",
    }
    assert compare(yaml("a: no"), yaml("a: false")) == [(("a",), "no", "false")]
    assert compare(yaml("a: 012"), yaml("a: 12")) == [(("a",), "012", "12")]


def test_equal_numbers_are_equal_however_they_are_written() -> None:
    assert compare(yaml("a: 1.0\nb: 1e3"), yaml("a: 1\nb: 1000")) == []
    assert compare({"a": 1}, {"a": 1.0}) == []
    assert compare({"a": 1}, {"a": "1"}) == []
    assert compare({"a": True}, {"a": 1}) == [(("a",), True, 1)]


def test_added_and_removed_branches_are_told_leaf_by_leaf() -> None:
    assert compare({"a": {"b": 1, "c": {"d": 2}}}, {"a": {"b": 1}}) == [(("a", "c", "d"), 2, UNSET)]
    assert compare({}, {"x": {"y": 1}}) == [(("x", "y"), UNSET, 1)]


def test_anchors_and_merge_keys_are_followed() -> None:
    tree = yaml("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n")
    assert tree["use"] == {"x": "1", "y": "3"}


def test_lists_are_compared_by_identity() -> None:
    reference = {"env": [{"name": "A", "value": 1}, {"name": "B", "value": 2}]}
    other = {
        "env": [{"name": "B", "value": 3}, {"name": "C", "value": 4}, {"name": "A", "value": 1}]
    }
    assert compare(reference, other) == [
        (("env", "B", "value"), 2, 3),
        (("env", "C", "name"), UNSET, "C"),
        (("env", "C", "value"), UNSET, 4),
    ]


def test_requirements_and_variables_are_known_by_their_names() -> None:
    reference = ["numpy==1.22.0", "ninja==1.13.0", {"pip": ["attrs==25.4"]}]
    other = ["einops==0.8.1", "numpy==1.23.5", {"pip": ["attrs==25.4"]}, "ninja==1.13.0"]
    assert compare(reference, other) == [
        (("einops",), UNSET, "einops==0.8.1"),
        (("numpy",), "numpy==1.22.0", "numpy==1.23.5"),
    ]
    assert compare(["A=1", "B=2"], ["B=2", "A=3"]) == [(("A",), "1", "3")]
    conda = compare(["numpy=1.19.2=py38_0", "zlib=1.2=h1"], ["zlib=1.2=h1", "numpy=1.20.0=py38_0"])
    assert conda == [(("numpy",), "numpy=1.19.2=py38_0", "numpy=1.20.0=py38_0")]


def test_lists_keep_their_order() -> None:
    assert compare({"mean": [0.5, 0.4]}, {"mean": [0.4, 0.5]}) == [
        (("mean",), [0.5, 0.4], [0.4, 0.5])
    ]
    assert compare({"layers": ["a", "b", "b"]}, {"layers": ["b", "a", "b"]}) == [
        (("layers",), ["a", "b", "b"], ["b", "a", "b"])
    ]
    assert compare(["a", "b"], ["b"]) == [(("a",), "a", UNSET)]
    steps = [{"resize": 224}, {"crop": 200}]
    assert compare({"use": steps}, {"use": steps[::-1]}) == [(("use",), steps, steps[::-1])]
    other = [{"crop": 100}, {"resize": 224}]
    assert compare({"use": steps}, {"use": other}) == [
        (("use",), steps, other),
        (("use", "crop"), 200, 100),
    ]


@pytest.mark.parametrize(
    "key",
    ["dependencies", "dev-dependencies", "requires", "keywords", "exclude", "extend-select", "ignore", "target_modules",
     "modules_to_save", "_no_split_modules", "architectures", "allowed_hosts", "cap_add", "tags", "report_to", "verbs",
     "llm_int8_skip_modules"],
)  # fmt: skip
def test_sets_have_no_order(key: str) -> None:
    assert compare({key: ["a", "b"]}, {key: ["b", "a"]}) == []
    assert compare({key: ["a", "b"]}, {key: ["b", "c"]}) != []


@pytest.mark.parametrize("key", ["layers", "labels", "providers", "channels", "hooks", "command"])
def test_other_words_have_one(key: str) -> None:
    assert compare({key: ["a", "b"]}, {key: ["b", "a"]}) == [((key,), ["a", "b"], ["b", "a"])]


def test_entries_with_names_or_parts_have_no_order() -> None:
    ports = [{"port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}]
    assert compare({"open": ports}, {"open": ports[::-1]}) == []
    assert compare({"options": ["A=1", "B=2"]}, {"options": ["B=2", "A=1"]}) == []


ITEMS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcdef"), "value": LEAF}),
    max_size=5,
    unique_by=lambda item: item["name"],
)


@given(items=ITEMS, turned=st.randoms(use_true_random=False))
def test_the_order_of_named_items_says_nothing(items: list[Any], turned: Any) -> None:
    mixed = list(items)
    turned.shuffle(mixed)
    assert compare({"items": items}, {"items": mixed}) == []


@given(reference=TREE, other=TREE)
def test_what_is_told_of_a_side_is_at_its_path(reference: Any, other: Any) -> None:
    from envsnap.model import reading
    from tests import examples

    sides = [
        examples.manifest({"configs": {"entries": {"c": {"tree": {"t": tree}}}}})
        for tree in (reference, other)
    ]
    for path, *values in compare({"t": reference}, {"t": other}):
        for side, value in zip(sides, values, strict=True):
            found = reading.fact(side, ("configs", "c", *path))
            assert found.is_there is (value is not UNSET)
            assert value is UNSET or found.value == value


@given(reference=TREE, other=TREE)
def test_deepdiff_finds_a_difference_where_this_does(reference: Any, other: Any) -> None:
    from deepdiff import DeepDiff

    found = compare({"t": reference}, {"t": other})
    if found:
        assert DeepDiff({"t": _booleans_as_text(reference)}, {"t": _booleans_as_text(other)})
    assert len(compare({"t": other}, {"t": reference})) == len(found)


def _booleans_as_text(tree: Any) -> Any:
    """Python, and deepdiff with it, takes False and 0 in a list as equal; a config does not."""
    if isinstance(tree, dict):
        return {key: _booleans_as_text(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_booleans_as_text(value) for value in tree]
    return f"boolean {tree}" if isinstance(tree, bool) else tree
