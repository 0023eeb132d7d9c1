"""Laws and cases of the typed walk."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envsnap.changes.change import ChangeKind
from envsnap.changes.walk import compare
from envsnap.model.paths import text
from tests import examples
from tests.golden import hosts

VERSION = st.sampled_from(["1.0", "1.1", "2.0+cu118", "x"])
NAME = st.sampled_from(["torch", "numpy", "pillow", "ruamel.yaml"])
PACKAGE = st.fixed_dictionaries({"version": VERSION}, optional={"editable": st.booleans()})
GAP = st.sampled_from(["numpy", "numpy.version", "torch.editable"])
SECTION = st.fixed_dictionaries({"entries": st.dictionaries(NAME, PACKAGE, max_size=4)})
SIDE = st.tuples(SECTION, st.booleans(), st.dictionaries(GAP, st.just("denied: no"), max_size=2))


def made(side: tuple[dict[str, Any], bool, dict[str, str]]) -> Any:
    """A manifest of one packages section."""
    section, partial, gaps = side
    return examples.manifest(
        {"packages": section}, partial=("packages",) if partial else (), gaps={"packages": gaps}
    )


def kinds(reference: Any, other: Any) -> dict[str, str]:
    """Changes by path, in words."""
    return {text(change.path): change.kind.value for change in compare(reference, other).changes}


@given(side=SIDE)
def test_nothing_differs_from_itself(side: Any) -> None:
    assert compare(made(side), made(side)).changes == ()


@given(reference=SIDE, other=SIDE)
def test_the_other_way_round_is_the_mirror_image(reference: Any, other: Any) -> None:
    there = compare(made(reference), made(other))
    back = compare(made(other), made(reference))
    assert {change.mirrored() for change in map(_hashable, there.changes)} == set(
        map(_hashable, back.changes)
    )
    assert there.compared == back.compared


def _hashable(change: Any) -> Any:
    from msgspec.structs import replace

    return replace(change, reference=repr(change.reference), other=repr(change.other))


@given(reference=SIDE, other=SIDE)
def test_every_real_difference_is_told(reference: Any, other: Any) -> None:
    told = {change.path[:2] for change in compare(made(reference), made(other)).changes}
    mine, theirs = reference[0]["entries"], other[0]["entries"]
    for name in {**mine, **theirs}:
        if mine.get(name) != theirs.get(name):
            assert ("packages", name) in told


def test_absence_from_a_complete_section_means_absent() -> None:
    reference = examples.manifest({"packages": examples.packages(numpy="1.0")})
    other = examples.manifest({"packages": examples.packages()})
    assert kinds(reference, other) == {"packages.numpy": "removed"}
    assert kinds(other, reference) == {"packages.numpy": "added"}


def test_absence_from_a_partial_section_means_unknown() -> None:
    reference = examples.manifest({"packages": examples.packages(numpy="1.0")})
    other = examples.manifest({"packages": examples.packages()}, partial=("packages",))
    assert kinds(reference, other) == {"packages.numpy": "unknown"}


def test_a_gap_makes_a_missing_fact_unknown_and_says_why() -> None:
    reference = examples.manifest({"driver": {"version": "525.60.13"}})
    other = examples.manifest({"driver": {}}, gaps={"driver": {"version": "timeout: NVML"}})
    change = compare(reference, other).changes[0]
    assert change.kind is ChangeKind.UNKNOWN
    assert change.reason == "timeout: NVML"


def test_a_gpu_query_that_hung_does_not_remove_gpus() -> None:
    reference = examples.manifest({"gpus": {"entries": {"0": {"name": "H200"}}}})
    other = examples.manifest(
        {"gpus": {"entries": {}}}, gaps={"gpus": {"entries": "timeout: NVML"}}
    )
    assert kinds(reference, other) == {"gpus[0]": "unknown"}


def test_unknown_on_both_sides_is_counted_as_not_compared() -> None:
    side = examples.manifest({"driver": {}}, gaps={"driver": {"version": "denied: no"}})
    found = compare(side, side)
    assert found.changes == ()
    assert found.not_compared == {"driver.version": "denied: no"}


def test_a_section_that_one_side_lacks_is_one_unknown() -> None:
    reference = examples.manifest({"weights": {"entries": {"m": {"sha256": "a" * 64}}}})
    assert kinds(reference, examples.manifest({})) == {"weights": "unknown"}


def test_null_against_a_value_is_a_change_of_the_value() -> None:
    reference = examples.manifest({"frameworks": {"entries": {"torch": {"cuda": "12.4"}}}})
    other = examples.manifest({"frameworks": {"entries": {"torch": {"cuda": None}}}})
    assert kinds(reference, other) == {"frameworks.torch.cuda": "changed"}


def test_a_redacted_value_compares_as_unknown() -> None:
    reference = examples.manifest({"env_vars": {"entries": {"HF_ENDPOINT": "x"}}})
    other = examples.manifest(
        {"env_vars": {"entries": {}}}, gaps={"env_vars": {"HF_ENDPOINT": "redacted"}}
    )
    assert kinds(reference, other) == {"env_vars.HF_ENDPOINT": "unknown"}


def test_the_golden_hosts_differ_where_the_article_says() -> None:
    told = kinds(hosts.dev(), hosts.prod())
    assert set(told) >= {
        "python.version",
        "frameworks.torch.version",
        "driver.version",
        "configs.app.logging.level",
        "configs.app.logging.path",
        "tools.tritonserver.version",
        "seeds.torch",
        'weights["model.pt"].sha256',
    }
    assert not [path for path in told if path.startswith("configs.app.model")]
