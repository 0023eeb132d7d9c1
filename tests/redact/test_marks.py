"""Few shapes of tokens are compiled for a text without their marks: none of the others is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envsnap.redact import issuers

LINES = range(len(issuers._LINES))


def spans(shapes: str, text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(shapes, text)]


@pytest.mark.parametrize("number", LINES)
def test_a_token_of_each_shape_is_found_as_by_all_shapes(number: int) -> None:
    line = issuers._LINES[number]

    @settings(max_examples=5, deadline=None, database=None, derandomize=True)
    @given(st.from_regex(line, fullmatch=True))
    def check(token: str) -> None:
        for before in ("", "cp311 ", "a=", '"\\\\n', "-"):
            text = f"{before}{token} ,"
            found = spans(issuers.SHAPE, text)
            assert found
            assert spans(issuers._possible(text), text) == found

    check()


@pytest.mark.parametrize("text", ["cp311-cp311-manylinux_2_28_x86_64", "googleapis-common-protos"])
def test_names_of_wheels_and_of_packages_ask_for_few_shapes(text: str) -> None:
    assert issuers._possible(text) != issuers.SHAPE
