"""How two long texts are shortened: what differs stays in sight."""

from __future__ import annotations

import pytest

from envsnap.wording import apart, few, step


def test_short_texts_stay() -> None:
    assert apart("a", "b", 60) == ("a", "b")


def test_of_several_lines_the_first_that_differs_is_shown() -> None:
    one = "#!/bin/sh\nset -e\npython train.py --lr 1e-3\n"
    told = ("line 3: python train.py --lr 1e-3", "line 3: python train.py --lr 2e-3")
    assert apart(one, one.replace("1e-3", "2e-3"), 60) == told
    assert apart(one, one + "exit 1\n", 60) == ("line 4: (none)", "line 4: exit 1")


def test_of_a_long_line_the_part_that_differs_is_shown() -> None:
    one, other = "x" * 200 + "-old-" + "y" * 200, "x" * 200 + "-new-" + "y" * 200
    for text, word in zip(apart(one, other, 48), ("old", "new"), strict=True):
        assert word in text
        assert len(text) <= 48
        assert text[0] == text[-1] == "…"


@pytest.mark.parametrize(
    ("one", "other"), [("", "\n"), ("\n", ""), ("a\n", "a"), ("a\r\nb", "a\nb")]
)
def test_ends_of_lines_alone_are_no_error(one: str, other: str) -> None:
    assert len(apart(one, other, 60)) == 2


def test_several_lines_that_differ_are_told_one_by_one() -> None:
    one = "a\nb\nc\nd\ne\nf\ng\n"
    assert (
        step(one, one.replace("b", "B").replace("d", "D"), 60) == "line 2: b -> B; line 4: d -> D"
    )
    told = step(one, one.upper(), 60)
    assert told.endswith("line 4: d -> D; 3 more lines")


def test_a_line_that_one_side_lacks_is_said_to_be_absent() -> None:
    one = "a\nb\nc\n"
    assert step(one, one.replace("b\n", ""), 60) == "line 2: b -> (none)"
    assert step("x", "y", 60) == "x -> y"


def test_a_few_names_and_how_many_more() -> None:
    assert few(["a", "b"], 2) == "a, b"
    assert few(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert few([], 2) == ""
