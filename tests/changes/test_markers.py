"""Where a marker holds: as packaging says, and nothing where not enough is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from envsnap.changes import markers

TEXTS = {
    "sys_platform": ("linux", "win32", "darwin"),
    "os_name": ("posix", "nt"),
    "platform_system": ("Linux", "Windows"),
    "platform_machine": ("x86_64", "aarch64", "AMD64"),
    "platform_python_implementation": ("CPython", "PyPy"),
}
VERSIONS = ("3.8", "3.10", "3.11", "3.11.7", "3.13.0", "3.13.0rc1", "4")
TEXT_CLAUSES = st.sampled_from(sorted(TEXTS)).flatmap(
    lambda name: st.builds(
        "{} {} '{}'".format,
        st.just(name),
        st.sampled_from(("==", "!=", "<")),
        st.sampled_from(TEXTS[name]),
    )
)
VERSION_CLAUSES = st.builds(
    '{}{}"{}"'.format,
    st.sampled_from(("python_version", "python_full_version ")),
    st.sampled_from(("==", "!=", "<", "<=", ">", ">=")),
    st.sampled_from(VERSIONS),
)
LIST_CLAUSES = st.builds(
    "{} {} '{}'".format,
    st.sampled_from(("python_version", "sys_platform", "os_name")),
    st.sampled_from(("in", "not in")),
    st.sampled_from(("2.6 2.7 3.2", "3.8, 3.10", "3.11", "linux darwin", "linux2", "posix")),
)
CLAUSES = st.one_of(TEXT_CLAUSES, VERSION_CLAUSES, LIST_CLAUSES)
MARKERS = st.one_of(
    CLAUSES,
    st.lists(CLAUSES, min_size=2, max_size=3).map(" or ".join),
    st.lists(CLAUSES, min_size=2, max_size=3).map(" and ".join),
    st.builds("{} or {} and {}".format, CLAUSES, CLAUSES, CLAUSES),
    st.builds("{} and {} or {}".format, CLAUSES, CLAUSES, CLAUSES),
    st.builds("({} or {}) and {}".format, CLAUSES, CLAUSES, CLAUSES),
)


def cell(python: str) -> markers.Cell:
    told = {
        "sys_platform": "linux", "os_name": "posix", "platform_system": "Linux",
        "platform_machine": "x86_64", "platform_python_implementation": "CPython",
        "python_full_version": python, "python_version": ".".join(python.split(".")[:2]),
    }  # fmt: skip
    return tuple(sorted(told.items()))


@given(marker=MARKERS, python=st.sampled_from(("3.8.20", "3.10.0", "3.11.7", "3.13.0rc1")))
def test_plain_comparisons_say_what_packaging_says(marker: str, python: str) -> None:
    assert markers.in_cell(marker, cell(python)) is Marker(marker).evaluate(dict(cell(python)))


@pytest.mark.parametrize(
    ("marker", "told", "holds"),
    [
        ("python_version < '3.9'", {"python_version": "3.8"}, True),
        ("python_version < '3.9'", {}, None),
        ("sys_platform == 'win32'", {"python_version": "3.8"}, None),
        ("sys_platform == 'win32'", {"sys_platform": "linux"}, False),
        ("extra == 'gpu'", {"sys_platform": "linux"}, False),
        ("not a marker", {"sys_platform": "linux"}, None),
    ],
)
def test_what_is_not_known_decides_nothing(
    marker: str, told: dict[str, str], holds: bool | None
) -> None:
    assert markers.holds(marker, tuple(sorted(told.items()))) is holds
