"""What a probe elsewhere says of a value that it left out is not judged as if it were a value."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.intake import claims
from envsnap.redact import decision, digests

KEY = b"k" * 32


def answered(value: str, name: str) -> dict[str, Any]:
    """A section as a probe with a redaction key sends it."""
    shown, why = decision.value(name, value, variable=True)
    assert why is not None
    entries = {} if shown is None else {name: shown}
    return {"entries": entries, "gaps": {name: digests.reason(why, value, KEY)}}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("HF_TOKEN", ["hf_" + "aB3dE" * 7, "hf_" + "aB3dF" * 7]),
        ("LOGIN", ["bob:Kiesel77", "bob:Kiesel78"]),
        ("GIT_CONFIG_PARAMETERS", [f"http.extraheader=AUTHORIZATION: basic Ym9iOktpZXNlbDc{end}" for end in "34"]),
    ],
)  # fmt: skip
def test_the_digest_of_a_variable_arrives_as_it_was_made(name: str, values: list[str]) -> None:
    found = []
    for value in values:
        section = answered(value, name)
        stated = dict(section["gaps"])
        claims.clean({"env_vars": section}, KEY)
        assert section["gaps"] == stated
        assert value[-9:] not in str(section)
        found.append(section["gaps"][name])
    assert digests.agree(found[0], found[0]) is True
    assert digests.agree(*found) is False


def test_a_secret_that_a_target_leaves_in_is_cut_all_the_same() -> None:
    section = {"entries": {"HF_TOKEN": "hf_" + "aB3dE" * 7}, "gaps": {"X": "ghp_" + "aB3dE" * 8}}
    claims.clean({"env_vars": section}, KEY)
    assert "aB3dE" not in str(section)
    assert digests.split(section["gaps"]["HF_TOKEN"])[1]
