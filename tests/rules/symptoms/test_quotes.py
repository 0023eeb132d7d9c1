"""A quoted line is looked through as a whole before it is shortened."""

from __future__ import annotations

import pytest

from envsnap.rules.inputs.error_text import LONGEST_QUOTE, quoted
from envsnap.rules.symptoms.reading import Evidence


@pytest.mark.parametrize("lead", range(LONGEST_QUOTE - 60, LONGEST_QUOTE + 20, 7))
def test_no_part_of_a_secret_is_quoted_where_a_line_is_cut(lead: int) -> None:
    for secret in ("ghp_" + "aB3dE" * 8, "https://user:Kornblumenfeld7@h.example/x"):
        line = "e" * (lead - 1) + " " + secret + " and more words"
        shown = quoted(Evidence(row={}, line=line, number=1, groups={}))
        assert "aB3d" not in shown
        assert "Kornb" not in shown
        assert len(shown) <= LONGEST_QUOTE
