"""Few shapes of tokens are compiled for a text without their marks: none of the others is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envsnap.redact import issuers

LINES = range(len(issuers._LINES))


def covered(text: str, *shapes: str) -> set[int]:
    """The places in a text that shapes of tokens cover."""
    matches = (match for each in shapes for match in re.finditer(each, text))
    return {place for match in matches for place in range(*match.span())}


@pytest.mark.parametrize("number", LINES)
def test_a_token_of_each_shape_is_found_as_by_all_shapes(number: int) -> None:
    line = issuers._LINES[number]

    @settings(max_examples=5, deadline=None, database=None, derandomize=True)
    @given(st.from_regex(line, fullmatch=True))
    def check(token: str) -> None:
        for before in ("", "cp311 ", "a=", '"\\\\n', "-"):
            text = f"{before}{token} ,"
            found = covered(text, issuers.SHAPE)
            assert found
            assert covered(text, *issuers._possible(text)) >= found

    check()


@pytest.mark.parametrize("text", ["cp311-cp311-manylinux_2_28_x86_64", "googleapis-common-protos"])
def test_names_of_wheels_and_of_packages_ask_for_few_shapes(text: str) -> None:
    assert len(issuers._possible(text)) == 1
