"""Words under a password's name, as the whole of a line of a log or a printed file."""

from __future__ import annotations

import pytest

from envsnap.redact import decision

HIDDEN = [
    "passphrase: my dog ate forty pancakes",
    "passwd: Thunder road",
    "  shared_secret: periwinkle blue",
    "db_pw = corn flakes",
    "seed_phrase: ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
    "passwrd: gooseberry9",
]
SHOWN = [
    "password: must have eight letters",
    "password: field required",
    "token: bad request body",
    "secret manager: the project's own",
]


@pytest.mark.parametrize("line", HIDDEN)
def test_words_are_left_out_together(line: str) -> None:
    name, mark, _ = line.partition(":" if ":" in line else "=")
    assert decision.message(line, {}) == f"{name}{mark} {decision.REDACTED}"


@pytest.mark.parametrize("line", SHOWN)
def test_what_is_said_of_a_password_stays(line: str) -> None:
    assert decision.message(line, {}) == line


@pytest.mark.parametrize(
    "token",
    [
        "2/9826034594764672/3501299096638408:" + "62a7f67e" * 4,
        "pat-eu1-f90d0759-1b2c-4d5e-8f90-123456789abc",
        "st." + "d2b07cb75f41" * 2 + "." + "7d8ce1b4" * 4 + "." + "fd49c7c5" * 4,
        "cmVmdGtuOjAxOj" + "xmoi8B9aQ2" * 5,
    ],
)
def test_tokens_of_more_issuers(token: str) -> None:
    assert token not in decision.message(f"use {token} here", {})


@pytest.mark.parametrize("name", ["hash_key", "cache_hash_key"])  # fmt: skip
def test_a_key_that_is_made_of_what_it_holds_is_shown(name: str) -> None:
    assert decision.value(name, "d872401ad872401ad872401a") == ("d872401ad872401ad872401a", None)
