"""A manifest whose digests do not fit its facts is refused; a cut by hand is sealed anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.changes import walk
from envsnap.errors import InputError
from envsnap.model import codec
from envsnap.model.manifest import SCHEMA_REVISION
from tests.conftest import Run
from tests.golden import hosts


def tree() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(codec.encode(hosts.dev()))
    return found


def read(changed: dict[str, Any]) -> codec.Document:
    return codec.decode(json.dumps(changed).encode(), "it.json")


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict) and node:
        return [leaf for key, item in node.items() for leaf in leaves(item, (*path, key))]
    return [path]


FACTS = leaves(tree()["sections"])


@given(st.sampled_from(FACTS))
def test_what_a_comparison_would_see_the_digest_sees(leaf: tuple[Any, ...]) -> None:
    changed = tree()
    node = changed["sections"]
    for key in leaf[:-1]:
        node = node[key]
    node[leaf[-1]] = "another" if isinstance(node[leaf[-1]], str) else None
    try:
        made = codec.decode_unchecked(json.dumps(changed).encode(), "it.json").manifest
    except InputError:
        return  # not of the fact's type
    if walk.compare(hosts.dev(), made).changes:
        with pytest.raises(InputError, match="does not match its digest"):
            read(changed)


@pytest.mark.parametrize("section", ["packages", "driver", "weights"])
def test_a_section_that_was_taken_out_is_noticed(section: str) -> None:
    changed = tree()
    del changed["sections"][section]
    with pytest.raises(InputError, match="fingerprint does not match"):
        read(changed)


def test_a_fingerprint_that_was_made_up_is_noticed() -> None:
    with pytest.raises(InputError, match="fingerprint does not match"):
        read({**tree(), "fingerprint": "sha256:" + "0" * 64})


def test_a_section_without_its_digest_is_noticed() -> None:
    changed = tree()
    del changed["sections"]["python"]["digest"]
    with pytest.raises(InputError, match="section python does not match"):
        read(changed)


def test_label_gaps_and_completeness_are_not_covered() -> None:
    changed = tree()
    changed["label"] = "another"
    changed["sections"]["python"]["gaps"] = {"flags": "denied"}
    assert read(changed).is_checked


def test_digests_of_a_newer_revision_are_not_checked() -> None:
    changed = {**tree(), "schema_revision": SCHEMA_REVISION + 1}
    changed["sections"]["python"]["version"] = "3.14.0"
    found = read(changed)
    assert not found.is_checked
    assert "digests are not checked" in found.notes[0]


def test_a_cut_by_hand_is_sealed_and_says_so(envsnap: Run, tmp_path: Path) -> None:
    changed = tree()
    changed["sections"] = {"python": changed["sections"]["python"]}
    (tmp_path / "cut.json").write_text(json.dumps(changed))
    done = envsnap("check", "cut.json")
    assert done.returncode == 2
    assert "--seal" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert envsnap("capture", "--seal", "cut.json", "-o", "cut.json").returncode == 0
    assert envsnap("check", "cut.json").returncode == 0
    sealed = json.loads((tmp_path / "cut.json").read_text())
    assert sealed["sealed"].endswith("Z")
    assert sealed["fingerprint"] != changed["fingerprint"]
