"""The plain comparisons of requirements agree with packaging, wherever they say anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from envsnap.rules.packages.requirements import _clearly_meets

RELEASES = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
PLAIN = st.tuples(st.sampled_from([">=", "<=", ">", "<", "==", "!="]), RELEASES)
STARRED = st.tuples(st.sampled_from(["==", "!="]), RELEASES, st.just(".*"))
NEAR = st.tuples(st.just("~="), RELEASES, st.just(".0"))
CLAUSES = st.one_of(PLAIN, STARRED, NEAR).map("".join)


@given(st.lists(CLAUSES, min_size=1, max_size=3), RELEASES)
def test_plain_comparisons_are_those_of_packaging(clauses: list[str], have: str) -> None:
    versions = ",".join(clauses)
    assert _clearly_meets(versions, have) is SpecifierSet(versions).contains(have, prereleases=True)


def test_what_is_not_plain_is_left_to_packaging() -> None:
    for versions, have in (
        ("~=1", "1.5"),
        (">=1.*", "1.5"),
        (">=1.0", "1.0rc1"),
        (">1.0", "1.0.post1"),
        ("==1.0", "1.0+cu121"),
        (">=1.0a1", "1.0"),
        ("===1.0", "1.0"),
    ):
        assert _clearly_meets(versions, have) is None
