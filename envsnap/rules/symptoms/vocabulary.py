"""The different words of a text: what they lack is nowhere in the text, and need not be looked for.

A log says the same over and over, so that its words are few where the log is long. Numbers are taken
out of them first.
"""

from __future__ import annotations

from functools import cached_property

DIGITS = b"0123456789"


class Vocabulary:
    """What stands between the blanks of a text, each once and without digits."""

    def __init__(self, text: str) -> None:
        self._words = b"\n".join(set(_plain(text)))

    def may_have(self, said: str) -> bool:
        """Whether a text can have these words, written so; False only where it has not."""
        return all(part in self._words for part in _plain(said))

    def may_have_lowered(self, said: str) -> bool:
        """Whether a text in small letters can have these words, which are in small letters."""
        return all(part in self._lowered for part in _plain(said))

    @cached_property
    def _lowered(self) -> bytes:
        return self._words.decode("utf-8", "surrogatepass").lower().encode("utf-8", "surrogatepass")


def _plain(text: str) -> list[bytes]:
    return text.encode("utf-8", "surrogatepass").translate(None, DIGITS).split()
