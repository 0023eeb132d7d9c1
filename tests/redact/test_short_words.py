"""A short word alone is passed over; what is passed over would have been shown anyway."""

from __future__ import annotations

import random
import string

import pytest

from envsnap.redact import texts, words

LETTERS = string.ascii_letters + string.digits + "_."
BEGINNINGS = (
    "pw", "key", "Key", "pass", "token", "ghp_", "sk_", "AKIA", "b_", "AQ.", "s.", "xox", "Bearer",
    "BEGIN", "sig", "secret", "login", "hooks", "ENV", "Signature", "auth",
)  # fmt: skip


def test_no_shape_matches_a_short_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "SHORTEST", 0)  # look through each of them
    dice = random.Random(5)
    for _ in range(20_000):
        length = dice.randrange(1, 12)
        word = (dice.choice(BEGINNINGS) if dice.random() < 0.5 else "") + "".join(
            dice.choice(LETTERS) for _ in range(length)
        )
        assert texts.find(word[:11]) == [], word[:11]


def test_a_word_of_another_length_is_looked_through() -> None:
    assert texts.find("ghp_" + "a1B2c3D4e5" * 4)


def test_the_words_of_a_key_are_a_list_of_ones_own() -> None:
    words.split("dbPassword").append("x")
    assert words.split("dbPassword") == ["db", "password"]
