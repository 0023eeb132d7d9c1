"""What findings say: people's words, no name of Python's for null, true and false."""

from __future__ import annotations

import re

import pytest

from envsnap import api
from envsnap.model.manifest import Manifest
from tests.golden import hosts
from tests.rules.test_engine import SIDES, manifest_of

PYTHONS = re.compile(r"\b(?:None|True|False)\b(?! _)")
CODE = re.compile(r"`[^`]*`|\w+\.\w+\([^)]*\)|\w+\([^)]*\)|[\w.]+=(?:True|False|None)")


def assert_plain(reference: Manifest, other: Manifest) -> None:
    for found in api.diff(reference, other).findings:
        table = found.rule in ("behavior-change", "env-var")  # rows speak of Python's values
        for text in (found.message.split(":")[0], "") if table else (found.message, found.fix):
            assert not PYTHONS.search(CODE.sub("", text)), (found.rule, text)
        assert found.message.strip(), found.rule


@pytest.mark.parametrize("step", [1, 41, 97])
def test_no_finding_speaks_python_and_no_pair_breaks_a_rule(step: int) -> None:
    sides = [manifest_of(place) for place in SIDES]
    for place, side in enumerate(sides):
        assert_plain(side, sides[(place + step) % len(sides)])


def test_no_finding_speaks_python_of_whole_hosts() -> None:
    for place in SIDES[::7]:
        assert_plain(hosts.dev(), manifest_of(place))
        assert_plain(manifest_of(place), hosts.prod())
