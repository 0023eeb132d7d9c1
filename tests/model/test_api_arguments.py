"""What is no manifest or no policy is refused in one line, by the documented error."""

from __future__ import annotations

import pytest

from envsnap import api
from envsnap.errors import InputError
from tests.golden import hosts


@pytest.mark.parametrize("wrong", ["b.json", None, {"schema_version": 1}])
def test_no_manifest(wrong: object) -> None:
    for call in (
        lambda: api.diff(hosts.dev(), wrong),  # type: ignore[arg-type]
        lambda: api.diff(wrong, hosts.dev()),  # type: ignore[arg-type]
        lambda: api.check(wrong),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match="a manifest is wanted, not "):
            call()


def test_no_policy() -> None:
    with pytest.raises(InputError, match="a policy is wanted, not str"):
        api.diff(hosts.dev(), hosts.prod(), policy="envsnap.toml")  # type: ignore[arg-type]


def test_a_seed_may_be_a_number() -> None:
    found = api.capture(seeds={"torch": 42}, import_frameworks=False).sections.seeds
    assert found.entries == {"torch": "42"}
