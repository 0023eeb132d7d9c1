"""The texts of token ids, from whatever tokenizer is at hand.

Libraries agree on little but this: something in a tokenizer gives the text of one id. A class that
has such a method is a tokenizer, whoever wrote it.
"""

from __future__ import annotations

from typing import Any

LONGEST, MOST = 60, 20
# Method -> whether it takes several ids.
SPELLERS = {
    "convert_ids_to_tokens": True,  # transformers, also what is derived from it
    "id_to_token": False,  # tokenizers
    "id_to_piece": False,  # SentencePiece
    "decode_single_token_bytes": False,  # tiktoken
}
WORD_STARTS = "\u0120\u2581"  # how byte-level and SentencePiece tokens write a space


def spells(kind: type) -> bool:
    """Whether objects of a class give the texts of ids. Nothing of the class is called."""
    entries = [vars(entry) for entry in kind.__mro__[:-1]]
    return any(name in entry for name in SPELLERS for entry in entries)


class Pieces:
    """The tokenizers that are at hand; those that were seen at work speak for the ids.

    Where there are several, a text counts that all give that have the id.
    """

    def __init__(self) -> None:
        self._known: list[Any] = []
        self._at_work: list[Any] = []

    def take(self, item: Any) -> None:
        """Remember a tokenizer that stands around."""
        if len(self._known) < MOST and all(item is not other for other in self._known):
            self._known.append(item)

    @property
    def at_work(self) -> int:
        """How many were seen at work."""
        return len(self._at_work)

    def works(self, item: Any) -> None:
        """A tokenizer gives ids; one of `tokenizers` may be the inner part of a known one."""
        if len(self._at_work) < MOST and all(item is not other for other in self._at_work):
            self._at_work.append(item)

    def texts(self, ids: list[int]) -> dict[str, str]:
        """The texts of ids; of those that nobody has, or of which several say otherwise, nothing."""
        found: dict[str, str] = {}
        items = self._items()
        for number in dict.fromkeys(ids):
            told = {_text(item, number) for item in items} - {None}
            if len(told) == 1:
                found[str(number)] = str(told.pop())[:LONGEST]
        return found

    def special(self) -> list[int]:
        """The ids of special tokens."""
        item: Any = next(iter(self._items()), None)
        if hasattr(item, "all_special_ids"):
            return [int(number) for number in item.all_special_ids]
        if hasattr(item, "get_added_tokens_decoder"):
            added = item.get_added_tokens_decoder().items()
            return [number for number, token in added if token.special]
        return []

    def _items(self) -> list[Any]:
        if not self._at_work:
            return self._known
        found = []
        for inner in self._at_work:
            outer = [item for item in self._known if getattr(item, "_tokenizer", None) is inner]
            found += outer or [inner]
        return found


def _text(item: Any, number: int) -> str | None:
    """The text of one id; None where the tokenizer has none. Whatever it raises says that, too."""
    try:
        if not 0 <= number < (len(item) if hasattr(type(item), "__len__") else 1 << 53):
            return None
        name = next(name for name in SPELLERS if hasattr(item, name))
        told = getattr(item, name)([number] if SPELLERS[name] else number)
        piece = told[0] if SPELLERS[name] else told
        if isinstance(piece, bytes):
            return piece.decode("utf-8", "backslashreplace")
        return None if piece is None else _readable(item, number, str(piece))
    except Exception:
        return None


def _readable(item: Any, number: int, piece: str) -> str:
    """A token as people read it: byte-level tokens spell other scripts in signs of their own."""
    if piece.lstrip(WORD_STARTS).isascii() or not hasattr(item, "decode"):
        return piece
    text = str(item.decode([number]))
    return text if text.strip() and text.isprintable() and "\ufffd" not in text else piece
