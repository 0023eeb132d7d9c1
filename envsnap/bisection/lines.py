"""Two texts of a config file, and what their lines say when only some come from the second.

A program may read its file by lines and not by a parser, so a mixture keeps the lines of both as
they stand: quotes, comments, order, indentation.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Path = tuple[Any, ...]  # keys of maps may be numbers
# Where a line's value begins, and what may stand behind it: a comma, a remark, the line's end.
BEGINS, BEHIND = re.compile(r"[^:=\n]{1,200}[:=][ \t]*"), re.compile(r"[ \t][#;]|[\r\n]")
MOST_MOVED = 400  # lines of a text in which lines of the other are looked for
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
        theirs = bad.splitlines(keepends=True)
        pieces, once = list(_pieces(self._good, theirs)), _alone(theirs)
        for piece in pieces if len(pieces) * len(good) <= MOST_READ else ():
            if self._names_twice(piece, once):
                continue  # a line that stands elsewhere in the second text
            for one in dict.fromkeys((self._blended(piece), piece)):
                try:
                    changed = changes(self._with([one]))
                except ValueError:
                    continue  # half of a change; what needs it is written otherwise
                if changed or one == piece:
                    self._pieces.append((one, changed))
                    break
        self._pieces += self._moved(theirs, once, changes)
        self._pieces.sort(key=lambda item: item[0].begin)

    def text(self, chosen: set[Path]) -> str:
        """The first text with each piece of the second that changes chosen values and no others."""
        return self._with(piece for piece, paths in self._pieces if paths and paths <= chosen)

    def _moved(
        self, bad: list[str], theirs: Mapping[str, int], changes: Callable[[str], frozenset[Path]]
    ) -> Iterator[tuple[Piece, frozenset[Path]]]:
        """Values of lines that stand elsewhere in the second text, in the place of the first."""
        done = {path for _, paths in self._pieces for path in paths}
        mine = _alone(self._good) if len(self._good) <= MOST_MOVED else {}
        for name in mine.keys() & theirs.keys():
            at, other = mine[name], theirs[name]
            line = _with_value(self._good[at], bad[other])
            if line == self._good[at]:
                continue
            piece = Piece(at, at + 1, (line,))
            try:
                paths = changes(self._with([piece]))
            except ValueError:
                continue
            if paths and not paths & done:
                yield piece, paths

    def _names_twice(self, piece: Piece, once: Container[str]) -> bool:
        """Whether a piece brings lines for what other lines of the first text say, and say once."""
        rest = {_name(line) for line in (*self._good[: piece.begin], *self._good[piece.end :])}
        names = map(_name, piece.lines)
        return piece.begin == piece.end and any(name in rest and name in once for name in names)

    def _blended(self, piece: Piece) -> Piece:
        """The same with values alone of the second text, and what stands around them of the first."""
        mine = self._good[piece.begin : piece.end]
        if len(mine) != len(piece.lines):
            return piece
        return piece._replace(lines=tuple(map(_with_value, mine, piece.lines)))

    def _with(self, pieces: Iterable[Piece]) -> str:
        found, at = [], 0
        for piece in pieces:
            found += [*self._good[at : piece.begin], *piece.lines]
            at = piece.end
        return "".join([*found, *self._good[at:]])


def _alone(lines: list[str]) -> dict[str, int]:
    """The places of lines by their names, of those that are named once."""
    names = [_name(line) for line in lines]
    counts = Counter(names)
    return {name: place for place, name in enumerate(names) if name.strip() and counts[name] == 1}


def _with_value(mine: str, theirs: str) -> str:
    """A line with the value of another one of its name, as far as a line has a value."""
    one, two = _cut(mine), _cut(theirs)
    return theirs if one is None or two is None else f"{one[0]}{two[1]}{one[2]}"


def _cut(line: str) -> tuple[str, str, str] | None:
    """What stands before a line's value, the value, and what stands behind; None without one."""
    begins = BEGINS.match(line)
    if begins is None:
        return None
    behind = BEHIND.search(line, begins.end())
    end = behind.start() if behind is not None else len(line)
    value = line[begins.end() : end].rstrip(" \t,")
    return (line[: begins.end()], value, line[begins.end() + len(value) :]) if value else None


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
