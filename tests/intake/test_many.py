"""Many hosts are read like one: each manifest comes out as the careful reader reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.fleet.hosts import Fleet
from envsnap.errors import InputError
from envsnap.intake import many
from envsnap.model import codec
from tests.fleet import fleets

HOSTS = 60


def fleet(shape: str) -> dict[str, bytes]:
    base: dict[str, Any] = json.loads(codec.encode(fleets.host()))
    return dict(Fleet(base, shape).hosts(HOSTS))


def compact(data: bytes) -> bytes:
    return json.dumps(json.loads(data), separators=(",", ":")).encode()


def turned(data: bytes) -> bytes:
    """Sections first, and in another order."""
    tree = json.loads(data)
    sections = dict(reversed(tree.pop("sections").items()))
    return json.dumps({"sections": sections, **tree}).encode()


@pytest.mark.parametrize("shape", ["few", "skewed", "noise"])
@pytest.mark.parametrize("spelled", [bytes, compact, turned], ids=["indented", "compact", "turned"])
@pytest.mark.parametrize("shared", [many.MOST_SHARED, 20_000, 0])
def test_each_host_is_what_its_file_says(
    shape: str,
    spelled: Callable[[bytes], bytes],
    shared: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(many, "MOST_SHARED", shared)
    monkeypatch.setattr(many, "MOST_TYPED", 2)
    reader = many.Reader(lambda name, section: (name, section.digest))
    written = {name: spelled(data) for name, data in fleet(shape).items()}
    found = {name: reader.answer(data, name, name) for name, data in written.items()}
    for name, answer in found.items():
        whole = codec.decode(written[name], name).manifest
        mine = answer.manifest()
        assert mine.fingerprint == whole.fingerprint
        assert answer.hostname == name
        for part in answer.parts:
            assert part.section == getattr(whole.sections, part.name)
            assert part.seen == (part.name, part.section.digest)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.replace('"sections":{', '"sections":{"git":{"complete":true},'),
            "twice",
        ),
        (lambda text: text.replace('"sections":{', '"sections":{},"sections":{'), "twice"),
        (lambda text: text.replace('"label":null', '"label":NaN', 1), "NaN"),
        (lambda text: text.replace('"2.7.0"', '"2.7.1"', 1), "does not match its digest"),
    ],
    ids=["a section twice", "sections twice", "around", "inside"],
)
def test_what_the_careful_reader_refuses_is_refused(
    change: Callable[[str], str], words: str
) -> None:
    tree = json.loads(codec.encode(fleets.host()))
    tree["label"] = None
    tree["sections"].setdefault("git", {"complete": True})
    text = compact(
        codec.encode(codec.sealed(codec.decode(json.dumps(tree).encode(), "x").manifest))
    )
    text = json.dumps({"label": None, **json.loads(text)}, separators=(",", ":")).encode()
    reader = many.Reader()
    reader.answer(text, "good", "good")
    other = change(text.decode()).encode()
    assert other != text
    with pytest.raises(InputError, match=words):
        reader.answer(other, "bad", "bad")


def test_a_label_that_looks_like_a_section_stays() -> None:
    tree = json.loads(codec.encode(fleets.host()))
    tree["label"] = "{}"
    answer = many.Reader().answer(json.dumps(tree).encode(), "x", "x")
    assert answer.label == "{}"
    assert answer.manifest().label == "{}"
