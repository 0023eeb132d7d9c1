"""A place is judged by a manifest although no listed image has its Python."""

from __future__ import annotations

import pytest

from envsnap import api
from envsnap.errors import InputError
from envsnap.image.planning.plan import make_plan
from envsnap.image.proving import announced, proof, subjects
from tests.image.image_cases import DEBIAN_12, manifest

PACKAGES = {"numpy": "2.3.4", "pip": "26.2"}
UNLISTED = manifest("3.14.99", PACKAGES, DEBIAN_12)
LISTED = manifest("3.11.7", PACKAGES, DEBIAN_12)


def test_no_image_has_it() -> None:
    with pytest.raises(InputError, match="no listed image has Python 3\\.14\\.99"):
        make_plan(UNLISTED)


@pytest.mark.parametrize("kind", ["REMOVED", "ADDED", "CHANGED"])
def test_it_excuses_what_a_listed_one_excuses(kind: str) -> None:
    from envsnap.changes.change import ChangeKind

    known, other = (
        announced.by(subjects.judging_plan(whole), whole) for whole in (LISTED, UNLISTED)
    )
    assert (known.reasons, known.lost, known.brought) == (other.reasons, other.lost, other.brought)
    path = ("env_vars", "PYTHON_VERSION")
    assert known.reason(path, ChangeKind[kind]) == other.reason(path, ChangeKind[kind])


def test_another_python_is_still_a_difference() -> None:
    known = announced.by(subjects.judging_plan(UNLISTED), UNLISTED)
    found = proof.judge(UNLISTED, manifest("3.14.98", PACKAGES, DEBIAN_12), "here", known)
    assert [fact.path for fact in found.differs] == ["python.version"]


def test_the_probe_that_verifies_is_written() -> None:
    assert api.comparison(UNLISTED)["job"] == "verify"


def test_a_python_of_a_kind_that_no_image_has() -> None:
    odd = manifest("3.13.1", PACKAGES, DEBIAN_12, python_facts={"gil": False})
    with pytest.raises(InputError, match="free-threaded"):
        make_plan(odd)
    assert api.comparison(odd)["job"] == "verify"
