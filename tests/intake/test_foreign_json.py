"""What a target's own start-up code made of the probe's output is not taken for another version."""

from __future__ import annotations

import pytest

from envsnap.errors import InputError
from envsnap.intake import facts

BLOCK = b"envsnap-0123456789abcdef-begin\nfacts %s\nenvsnap-0123456789abcdef-end\n"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (b'{"probe": "1", "sections": {}}', "runs at its start"),
        (b'{"sections": {}}', "runs at its start"),
        (b'{"probe": 9, "sections": {}}', "another version of the probe"),
    ],
)
def test_it_says_what_is_wrong(told: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        facts.parse(BLOCK % told, "it")
