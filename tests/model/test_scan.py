"""Bad input ends in one line that names the place, and never in a traceback."""

from __future__ import annotations

import json

import pytest

from envsnap.errors import InputError
from envsnap.model import codec, scan
from tests.golden import hosts

GOOD = codec.encode(hosts.dev())


def changed(**changes: object) -> bytes:
    """A good manifest with other top-level keys."""
    return json.dumps({**json.loads(GOOD), **changes}).encode()


def with_section(name: str, value: object) -> bytes:
    """A good manifest with another section."""
    tree = json.loads(GOOD)
    tree["sections"][name] = value
    return json.dumps(tree).encode()


BAD = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "truncated": (GOOD[:500], "not JSON"),
    "list": (b"[]", "not an envsnap manifest"),
    "null": (b"null", "null"),
    "object": (b"{}", "empty JSON object"),
    "number": (b"3", "not an envsnap manifest"),
    "text": (b'"x"', "not an envsnap manifest"),
    "another tool": (
        b'{"bomFormat": "CycloneDX", "components": []}',
        "not an envsnap manifest",
    ),
    "not UTF-8": (GOOD.replace(b"Tesla", b"Te\xe9la"), "not UTF-8 at byte"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "not UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
    "NaN": (changed(schema_version=float("nan")), "NaN"),
    "infinity": (changed(schema_version=float("inf")), "Infinity"),
    "1e999": (GOOD.replace(b"438012345", b"1e999"), "out of range"),
    "long integer": (GOOD.replace(b"438012345", b"9" * 5000), "5000 digits"),
    "deep list": (b"[" * 200_000, "nested deeper"),
    "deep object": (b'{"a":' * 200_000, "nested deeper"),
    "deep but closed": (b"[" * 300 + b"]" * 300, "nested deeper"),
    "twice": (b'{"schema_version": 1, "schema_version": 2, "sections": {}}', "appears twice"),
    "lone surrogate": (GOOD.replace(b"Tesla", b"\\ud800"), "surrogate"),
    "newer": (changed(schema_version=999), "newer than this envsnap"),
    "negative": (changed(schema_version=-1), "positive integer"),
    "version as text": (changed(schema_version="1"), "positive integer"),
    "version as truth": (changed(schema_version=True), "positive integer"),
    "sections as list": (changed(sections=[]), "$.sections"),
    "section as list": (with_section("python", []), "$.sections.python"),
    "section without complete": (with_section("python", {}), "complete"),
    "fact of another type": (
        with_section("python", {"complete": True, "version": 3}),
        "$.sections.python.version",
    ),
    "gaps of another type": (
        with_section("python", {"complete": True, "gaps": ["x"]}),
        "$.sections.python.gaps",
    ),
    "entries as list": (
        with_section("packages", {"complete": True, "entries": []}),
        "$.sections.packages.entries",
    ),
    "no fingerprint": (
        json.dumps({"schema_version": 1, "sections": {}}).encode(),
        "schema_revision",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_one_line(name: str) -> None:
    data, expected = BAD[name]
    with pytest.raises(InputError) as caught:
        codec.decode(data, "prod.json")
    message = str(caught.value)
    assert message.startswith("prod.json: ")
    assert expected in message
    assert "\n" not in message


def test_a_large_file_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InputError, match="larger than"):
        scan.parse(b" " * (scan.LARGEST_FILE + 1), "big.json")


def test_more_values_than_any_manifest_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MOST_PARTS", 100)
    with pytest.raises(InputError, match="more than 100 values"):
        scan.parse(json.dumps(list(range(200))).encode(), "many.json")


def test_a_surrogate_pair_is_text() -> None:
    assert scan.parse(b'["\\ud83d\\ude00"]', "pair.json") == ["\U0001f600"]
