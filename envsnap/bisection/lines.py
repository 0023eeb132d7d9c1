"""Two texts of a config file, and what their lines say when only some come from the second.

A program may read its file by lines and not by a parser, so a mixture keeps the lines of both as
they stand: quotes, comments, order, indentation.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

Path = tuple[Any, ...]  # keys of maps may be numbers
MOST_READ = 1 << 20  # characters that are read to learn what pieces say; YAML's reader is slow


class Piece(NamedTuple):
    """Lines `begin` to `end` of the first text, and what the second has in their place."""

    begin: int
    end: int
    lines: tuple[str, ...]


class Lines:
    """The pieces in which two texts differ, each with the values that it alone changes.

    `changes` says which values of a text differ from the first one's, as the second has them; it
    raises ValueError for a text that cannot be read, or that says what neither side says.
    """

    def __init__(self, good: str, bad: str, changes: Callable[[str], frozenset[Path]]) -> None:
        self._good = good.splitlines(keepends=True)
        self._pieces: list[tuple[Piece, frozenset[Path]]] = []
        pieces = list(_pieces(self._good, bad.splitlines(keepends=True)))
        for piece in pieces if len(pieces) * len(good) <= MOST_READ else ():
            try:
                self._pieces.append((piece, changes(self._with([piece]))))
            except ValueError:
                continue  # half of a change; what needs it is written otherwise

    def text(self, chosen: set[Path]) -> str:
        """The first text with each piece of the second that changes chosen values and no others."""
        return self._with(piece for piece, paths in self._pieces if paths and paths <= chosen)

    def _with(self, pieces: Iterable[Piece]) -> str:
        found, at = [], 0
        for piece in pieces:
            found += [*self._good[at : piece.begin], *piece.lines]
            at = piece.end
        return "".join([*found, *self._good[at:]])


def _pieces(good: list[str], bad: list[str]) -> Iterator[Piece]:
    """What differs, line by line where both have lines of the same names."""
    for word, begin, end, first, last in _opcodes(good, bad):
        if word == "equal":
            continue
        mine, theirs = good[begin:end], bad[first:last]
        names = [_name(line) for line in mine], [_name(line) for line in theirs]
        for alike, start, stop, one, two in _opcodes(*names):
            if alike == "equal":
                for step in range(stop - start):
                    at = begin + start + step
                    yield Piece(at, at + 1, (theirs[one + step],))
            else:
                yield Piece(begin + start, begin + stop, tuple(theirs[one:two]))


def _opcodes(good: list[str], bad: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, good, bad, autojunk=False).get_opcodes()


def _name(line: str) -> str:
    """What a line names, with its indentation; of an item or a comment the sign before it."""
    found = re.match(r"\s*(?:#|;|- {1,8})?(?:[\"']?[\w.$/ -]{1,200}[\"']?\s*[:=])?", line)
    return found.group() if found else ""
