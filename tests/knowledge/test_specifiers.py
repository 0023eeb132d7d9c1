"""Ranges by their clauses agree with the library that is too slow to import."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from envsnap.knowledge.built_against import OWN
from envsnap.knowledge.specifiers import contains
from envsnap.knowledge.tables import table

NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
VERSIONS = st.builds(
    "{}{}{}".format,
    NUMBERS,
    st.sampled_from(["", "", "", "rc1", ".post1", ".post2", "b1"]),
    st.sampled_from(["", "", "+cu126", "+cpu"]),
)
CLAUSES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="]),
    NUMBERS,
    st.sampled_from(["", "", ".*"]),
)


@given(st.lists(CLAUSES, min_size=1, max_size=3), VERSIONS)
def test_it_agrees_with_packaging(clauses: list[str], have: str) -> None:
    wanted = ",".join(clauses)
    try:
        expected = SpecifierSet(wanted).contains(Version(have), prereleases=True)
    except InvalidSpecifier:
        return
    assert contains(wanted, have) is expected


@given(st.lists(CLAUSES, min_size=1, max_size=3), NUMBERS)
def test_final_releases_are_compared_as_numbers_with_the_same_answer(
    clauses: list[str], have: str
) -> None:
    wanted = ", ".join(clauses) + ","
    try:
        expected = SpecifierSet(wanted).contains(Version(have), prereleases=True)
    except InvalidSpecifier:
        assert contains(wanted, have) is None
    else:
        assert contains(wanted, have) is expected


def test_every_range_of_the_table_can_be_read() -> None:
    for rows in table("built_against")["rows"].values():
        for row in rows:
            needs = (asked.replace(OWN, "0.6.14") for asked in row.get("needs", {}).values())
            for wanted in (row["versions"], *needs):
                expected = SpecifierSet(wanted).contains(Version("2.6.0"), prereleases=True)
                assert contains(wanted, "2.6.0") is expected, wanted


def test_what_cannot_be_read_says_nothing() -> None:
    assert contains(">=1", "main") is None
    assert contains("===1", "1") is None
    assert contains("", "1") is None
    assert contains(">=1" * 200, "1") is None
