"""Configurations that two runs read are compared as everywhere: by what their parts are."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.model.manifest import Manifest
from envsnap.replay.compare import surroundings
from tests import examples


def read(tree: Any) -> Manifest:
    """A manifest of a run that read one configuration."""
    return examples.manifest({"configs": {"entries": {"a.yaml": {"tree": tree}}}})


@pytest.mark.parametrize(
    ("golden", "other", "told"),
    [
        ({"limit": 1}, {"limit": 1.0}, []),
        ({"steps": [{"name": "a"}, {"name": "b"}]}, {"steps": [{"name": "b"}, {"name": "a"}]}, []),
        ({"model": {"limit": 1}}, {"model": {"limit": 2}}, [("a.yaml: model.limit", "1 -> 2")]),
        ({}, {"limit": 2}, [("a.yaml: limit", "not set -> 2")]),
    ],
)
def test_keys_that_differ(golden: Any, other: Any, told: list[tuple[str, str]]) -> None:
    assert list(surroundings.configs(read(golden), read(other))) == told
