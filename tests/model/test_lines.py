"""The line of a fact is the line on which a person finds it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envsnap.model import codec, lines
from tests import examples

KEYS = st.text(max_size=6) | st.sampled_from(["entries", "tree", "a", "0", '"', "\\", "{", "]:,"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def pointers(tree: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in a tree."""
    below = tree.items() if isinstance(tree, dict) else ()
    if isinstance(tree, list):
        below = ((str(index), item) for index, item in enumerate(tree))
    return [above] + [place for key, item in below for place in pointers(item, (*above, key))]


@given(tree=TREES)
def test_each_value_is_on_its_own_line(tree: Any) -> None:
    """A key is written once for each place, so that taking it out takes that line out."""
    text = json.dumps(tree, indent=1)
    wanted = [place for place in pointers(tree) if place]
    found = lines._Scan(wanted).lines(text)
    assert set(found) == set(wanted)
    for place, number in found.items():
        shown = text.split("\n")[number - 1].strip()
        in_object = isinstance(at(tree, place[:-1]), dict)
        value = at(tree, place)
        start = {dict: "{", list: "["}.get(type(value), json.dumps(value))
        start = start if value not in ({}, []) else json.dumps(value)
        key = f"{json.dumps(place[-1])}: " if in_object else ""
        assert shown.removesuffix(",") == key + start


@given(tree=TREES)
def test_the_layout_does_not_matter(tree: Any) -> None:
    wanted = pointers(tree)
    assert set(lines._Scan(wanted).lines(json.dumps(tree)).values()) <= {1}


def at(tree: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    return tree


def test_paths_of_a_manifest() -> None:
    made = examples.manifest(
        {
            "packages": examples.packages(numpy="2.0.1"),
            "gpus": {"entries": {"0": {"name": "A"}, "1": {"name": "B"}}},
            "configs": {"entries": {"app": {"text": "x:\n  y: [1, 2]\n", "format": "yaml",
                                            "path": "app", "sha256": "0" * 64, "size": 9}}},
        }
    )  # fmt: skip
    data = codec.encode(made)
    text = data.decode().split("\n")
    paths = {
        ("packages", "numpy", "version"): '"version": "2.0.1"',
        ("gpus", "1", "name"): '"name": "B"',
        ("configs", "app", "x", "y", "1"): '"2"',
        ("packages", "torch", "version"): '"packages": {',
        ("packages", "numpy", "nothing", "here"): '"numpy": {',
        ("driver", "version"): '"sections": {',
        ("fingerprint",): '"fingerprint": ',
    }
    found = lines.find(data, dict.fromkeys(paths))
    for path, start in paths.items():
        assert text[found[path] - 1].strip().startswith(start), path


def test_reports_of_other_tools() -> None:
    freeze = b"# made on prod\nnumpy-financial==2.0.1\nRuamel_yaml==0.18\nnumpy==2.0.1\n"
    facts = {
        ("packages", "numpy", "version"): "2.0.1",
        ("packages", "ruamel-yaml", "version"): "0.18",
        ("packages", "torch", "version"): None,
        ("driver", "version"): "12",
    }
    assert list(lines.find(freeze, facts).values()) == [4, 3, 1, 1]
    collected = b"Python version: 3.10\nNvidia driver version: 470.82.01\n"
    assert lines.find(collected, {("driver", "version"): "470.82.01"}) == {("driver", "version"): 2}


def test_what_is_no_manifest_stands_on_its_first_line() -> None:
    for data in (b"", b"[" * 100_000, b"\xff\xfe", b"[1, 2]", b'{"sections": 3}', b"3"):
        assert lines.find(data, {("python", "version"): "3"}) == {("python", "version"): 1}
