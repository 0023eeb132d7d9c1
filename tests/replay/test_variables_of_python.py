"""Variables that Python reads, whatever the code names: they act on what models are given."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.replay.compare import surroundings
from tests import examples


def host(*, complete: bool = True, **variables: str) -> Manifest:
    partial = () if complete else ("env_vars",)
    return examples.manifest({"env_vars": {"entries": variables}}, partial=partial)


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        (host(TZ="UTC"), host(TZ="Asia/Tokyo"), [("TZ", "UTC -> Asia/Tokyo")]),
        (host(), host(PYTHONOPTIMIZE="1"), [("PYTHONOPTIMIZE", "not set -> 1")]),
        (host(complete=False), host(PYTHONOPTIMIZE="1"), []),
        (host(TZ="UTC", LANG="C.UTF-8"), host(TZ="UTC", LANG="en_US.UTF-8"), []),
    ],
)
def test_what_python_reads_is_named(
    one: Manifest, two: Manifest, told: list[tuple[str, str]]
) -> None:
    assert list(surroundings.variables(one, two)) == told
