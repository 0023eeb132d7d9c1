"""Comments, descriptions, names of a function's own values and lines of a log are no cause."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest

from envsnap.replay.compare import code_lines
from envsnap.replay.recorder.inside import blocks

PLAIN = b"""import sys


def scaled(values, by=2):
    total = sum(values)
    return [value / total * by for value in values]


def main():
    rows = scaled([1, 2])
    print(rows)


main()
"""


class Told(msgspec.Struct):
    """The part of a record that lines are compared by."""

    recording_revision: int = 8
    code: dict[str, tuple[str, ...]] = {}
    blocks: dict[str, tuple[str, ...]] = {}


def record(text: bytes, *, told: bool = True) -> Any:
    lines = tuple(f"{zlib.crc32(line.strip()):08x}" for line in text.split(b"\n"))
    found = {name: tuple(items) for name, items in blocks.blocks({"run.py": text}).items()}
    return Told(code={"run.py": lines}, blocks=found if told else {})


def places(one: bytes, two: bytes, *, told: bool = True) -> list[str]:
    found = code_lines.compare(record(one, told=told), record(two, told=told))
    return [line.place for line in found]


HARMLESS = {
    "a shebang and a comment": (b"import sys\n", b"#!/usr/bin/env python\n# a job\nimport sys\n"),
    "a description": (b"by=2):\n", b'by=2):\n    """By the sum."""\n'),
    "the name of an own value": (b"rows", b"results"),
    "another layout": (b"scaled([1, 2])", b"scaled(\n        [1, 2]\n    )"),
    "a comment behind": (b"total = sum(values)", b"total = sum(values)  # of all"),
}
CHANGES = {
    "an argument": (b"by=2", b"by=3"),
    "an operator": (b"total * by", b"total + by"),
    "two own values that change places": (b"value / total", b"total / value"),
    "a statement more": (b"main()\n", b"sys.setrecursionlimit(9)\nmain()\n"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_changes_nothing_is_no_difference(name: str) -> None:
    old, new = HARMLESS[name]
    changed = PLAIN.replace(old, new)
    assert changed != PLAIN
    assert places(PLAIN, changed) == []
    assert places(changed, PLAIN) == []
    assert places(PLAIN, changed, told=False) != []  # as recordings of before have it


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_something_is_one(name: str) -> None:
    old, new = CHANGES[name]
    changed = PLAIN.replace(old, new, 1) if b"main" not in old else PLAIN.removesuffix(old) + new
    assert places(PLAIN, changed) != []
    assert places(changed, PLAIN) != []


def test_the_order_of_statements_counts() -> None:
    one = b"import sys\nsys.x = 1\nsys.x = 2\n"
    assert places(one, b"import sys\nsys.x = 2\nsys.x = 1\n") != []


def test_what_imports_or_tells_stands_behind_what_computes() -> None:
    changed = PLAIN.replace(b"import sys", b"import sys\nimport datetime")
    changed = changed.replace(b"rows", b"results").replace(
        b"    print(results)", b"    print(datetime.datetime.now())\n    print(results)"
    )
    changed = changed.replace(b"total * by", b"total * by + 1")
    found = places(PLAIN, changed)
    assert found[0] == "run.py:7-7"
    assert len(found) > 1


def test_a_text_that_is_no_python_has_no_blocks() -> None:
    assert blocks.blocks({"a.py": b"def (", "b.py": b"x" * (blocks.MOST + 1)}) == {}


SCRIPT = b"""import json
kept = json.load(open("a.json"))
def first():
    return kept["first"]
found = first() + kept["more"]
limit = 3
print(found > limit)
"""


def test_a_name_that_is_another_everywhere_is_no_difference() -> None:
    renamed = SCRIPT.replace(b"kept", b"loaded")
    assert places(SCRIPT, renamed) == []
    changed = renamed.replace(b"limit = 3", b"limit = 4")
    assert places(SCRIPT, changed) == ["run.py:6-6"]
    assert places(changed, SCRIPT) == ["run.py:6-6"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"found > limit", b"limit > found"),  # names that change places
        (b"print(found > limit)", b"print(kept > limit)"),  # another name that is there
        (b'return kept["first"]', b'return found["first"]'),
    ],
)
def test_another_value_of_the_file_is_one(old: bytes, new: bytes) -> None:
    assert places(SCRIPT, SCRIPT.replace(old, new)) != []
    renamed = SCRIPT.replace(b"kept", b"loaded")
    assert places(SCRIPT, renamed.replace(old.replace(b"kept", b"loaded"), new)) != []


def test_a_harmless_statement_beside_a_real_one_is_none() -> None:
    changed = SCRIPT.replace(b"limit = 3", b"limit = 4").replace(
        b'kept = json.load(open("a.json"))', b'kept = json.load(\n    open("a.json")\n)'
    )
    assert places(SCRIPT, changed) == ["run.py:8-8"]


def test_statements_of_one_line_are_compared_by_themselves() -> None:
    one = b"a = 1; b = 2\nprint(a, b)\n"
    assert places(one, b"a = 2; b = 2\nprint(a, b)\n") == ["run.py:1-1"]


def test_a_recording_that_tells_no_names_is_compared_as_before() -> None:
    renamed = SCRIPT.replace(b"kept", b"loaded")
    old, new = record(SCRIPT), record(renamed)
    plain = tuple(item for item in old.blocks["run.py"] if " r:" not in item)
    before = Told(code=old.code, blocks={"run.py": plain})
    assert list(code_lines.compare(before, old)) == []
    assert list(code_lines.compare(before, new)) != []
