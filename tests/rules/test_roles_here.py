"""What a distribution is for, by what requires what in one environment."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import Severity
from envsnap.rules.roles_here import RolesHere
from tests import examples


def host(requires: dict[str, tuple[str, ...]], **versions: str) -> Manifest:
    entries = {
        name: {"version": versions.get(name, "1.0"), "requires": wanted}
        for name, wanted in requires.items()
    }
    return examples.manifest({"packages": {"entries": entries}})


REQUIRES = {
    "kernels-of-nobody": ("torch>=2.4", "einops ; extra == 'x'"),
    "arrays-of-nobody": ("numpy (>=1.20)",),
    "helper-of-nobody": (),
    "fastapi": ("Helper_Of.Nobody<2",),
    "pytest": ("tool-part-of-nobody", "helper-of-nobody"),
    "tool-part-of-nobody": (),
    "pytest-of-nobody": ("numpy",),
    "loner-of-nobody": ("%%% no requirement",),
    "numpy": (),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("numpy", "numerics"),
        ("kernels-of-nobody", "numerics"),
        ("arrays-of-nobody", "numerics"),
        ("helper-of-nobody", "runtime"),
        ("tool-part-of-nobody", "tooling"),
        ("pytest-of-nobody", "tooling"),
        ("loner-of-nobody", "unknown"),
        ("not-installed-of-nobody", "unknown"),
    ],
)
def test_requirements_tell_where_the_table_does_not(name: str, expected: str) -> None:
    assert RolesHere(host(REQUIRES)).of(name) == expected


def test_a_package_that_nobody_knows_and_that_computes_is_a_warning_from_a_minor_release() -> None:
    many = {f"tool{number}-of-nobody": () for number in range(9)}
    sides = []
    for minor in ("1", "2"):
        requires = {**REQUIRES, **many}
        moved = dict.fromkeys((*many, "kernels-of-nobody", "loner-of-nobody"), f"1.{minor}.0")
        sides.append(host(requires, **moved))
    found = {item.path[1]: item.severity for item in engine.compare(*sides).findings}
    assert found["kernels-of-nobody"] is Severity.WARNING
    assert found["loner-of-nobody"] is Severity.INFO


def test_files_tell_where_neither_the_table_nor_requirements_do() -> None:
    sides = []
    for version in ("1.1.0", "1.2.0"):
        entries = {
            "kernels-of-nobody": {"version": version, "links": ["c10", "torch"]},
            "arrays-of-nobody": {"version": version, "links": ["openblas"]},
            "web-of-nobody": {"version": version},
            "a-tool-of-nobody": {"version": version},
            "ruff": {"version": version, "links": ["gomp"]},
        }
        sides.append(examples.manifest({"packages": {"entries": entries}}))
    here = RolesHere(sides[0])
    told = [here.of(name) for name in ("kernels-of-nobody", "arrays-of-nobody", "web-of-nobody")]
    assert told == ["numerics", "numerics", "unknown"]
    assert here.of("ruff") == "tooling"  # the table knows it
    order = [item.path[1] for item in engine.compare(*sides).findings]
    assert set(order[:2]) == {"kernels-of-nobody", "arrays-of-nobody"}
