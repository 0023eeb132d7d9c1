"""What is passed over because it is short and says nothing has no secret for any way to find one."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

import envsnap.redact
from envsnap.redact import quiet, texts

ROOMS = sorted(Path(envsnap.redact.__file__).parent.glob("*.py"))
# Words that the rooms themselves know: in their shapes, their lists and their sentences.
KNOWN = sorted({word for room in ROOMS for word in re.findall(r"[A-Za-z]{2,11}", room.read_text())})
VALUES = ("Hunter2x", "tiger", "4711", "Tr0ub4dor")


def loud(text: str, monkeypatch: pytest.MonkeyPatch) -> list:
    with monkeypatch.context() as patch:
        patch.setattr(quiet, "is_quiet", lambda _: False)
        return texts.find(text)


@pytest.mark.parametrize("shape", ["{0} {1}", "{2} {0} {1}", "{0} {2} {1}", "{0} is {1}", "{2} {0} {3} {1} {2}"])  # fmt: skip
def test_no_word_that_a_room_knows_is_passed_over_beside_a_password(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, passed = random.Random(shape), 0
    for word in KNOWN:
        for value in VALUES:
            for spelled in (word, word.upper()):
                other = [drawn.choice(KNOWN) for _ in range(2)]
                text = shape.format(spelled, value, *other)
                if quiet.is_quiet(text):
                    passed += 1
                    assert not loud(text, monkeypatch), text
    assert passed > 1000


@pytest.mark.parametrize("text", ["value 17", "bert base uncased", "cosine with warmup", "1.5 2.5", "Adam"])  # fmt: skip
def test_words_and_numbers_of_settings_are_passed_over(text: str) -> None:
    assert quiet.is_quiet(text)


@pytest.mark.parametrize(
    "text",
    [
        "the password is Hunter2x", "log in as joe with Hunter2x", "x=1", "a  b", "a" * 12,
        "config b c", "1.2.3.4", "NET USE x", "zażółć", "joe/tiger", "two\nlines", "",
    ],
)  # fmt: skip
def test_what_could_tell_one_is_looked_through(text: str) -> None:
    assert not quiet.is_quiet(text)
