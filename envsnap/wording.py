"""How numbers and values are said in every text for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

MOST_LINES, MOST_ALIGNED = 4, 500
ABSENT = "(none)"
BEFORE = 24  # letters of a line that are shown before the first one that differs


def counted(count: int, word: str, ending: str = "s") -> str:
    """Say a number of things: `1 file`, `2 files`, `1,200 files`; `ending` is the plural's."""
    return f"{count:,} {word}{'' if count == 1 else ending}"


def few(names: Sequence[str], most: int) -> str:
    """The first names in a row, and how many more there are: `a, b and 3 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def apart(one: str, other: str, longest: int) -> tuple[str, str]:
    """Shorten two texts to `longest` letters each, so that what differs stays in sight.

    Of several lines that is the first one that differs, with its number; of a long line the part
    around the first letter that differs.
    """
    number, first, second = next(iter(_lines_apart(one, other)), (0, one, other))
    title = f"line {number}: " if number else ""
    first, second = _shortened(first, second, longest - len(title))
    return title + first, title + second


def step(one: str, other: str, longest: int) -> str:
    """What became of a text: `a -> b`; of several lines the first ones that differ, each by itself."""
    told = _lines_apart(one, other)
    if not told:
        return " -> ".join(_shortened(one, other, longest))
    shown = [
        f"line {number}: {' -> '.join(_shortened(first, second, longest))}"
        for number, first, second in told[:MOST_LINES]
    ]
    more = len(told) - len(shown)
    return "; ".join([*shown, *([f"{counted(more, 'more line')}"] if more else [])])


def _lines_apart(one: str, other: str) -> list[tuple[int, str, str]]:
    """The lines that differ of two texts, with the number that each has in the other one.

    None where neither text has several lines, or their ends alone differ.
    """
    mine, theirs = one.splitlines(), other.splitlines()
    if max(len(mine), len(theirs)) < 2:
        return []
    if len(mine) == len(theirs) or max(len(mine), len(theirs)) > MOST_ALIGNED:
        pairs = enumerate(zip_longest(mine, theirs, fillvalue=ABSENT), 1)
        return [(number, first, second) for number, (first, second) in pairs if first != second]
    from difflib import SequenceMatcher

    found = []
    for word, begin, end, start, stop in SequenceMatcher(
        None, mine, theirs, autojunk=False
    ).get_opcodes():
        for place in range(max(end - begin, stop - start) if word != "equal" else 0):
            first = mine[begin + place] if begin + place < end else ABSENT
            second = theirs[start + place] if start + place < stop else ABSENT
            found.append((start + place + 1, first, second))
    return found


def _shortened(first: str, second: str, room: int) -> tuple[str, str]:
    """Two lines, each cut to its room around the first letter that differs."""
    begin = _alike(first, second)
    if max(len(first), len(second)) <= room or begin == len(first) == len(second):
        begin = 0
    begin = max(0, begin - BEFORE)
    return _window(first, begin, room), _window(second, begin, room)


def _alike(one: str, other: str) -> int:
    """How many letters are the same at the beginning."""
    pairs = zip(one, other, strict=False)
    ends = min(len(one), len(other))
    return next((at for at, (mine, theirs) in enumerate(pairs) if mine != theirs), ends)


def _window(line: str, begin: int, room: int) -> str:
    """A part of a line, with a sign on each side where something is left out."""
    head = "…" if begin else ""
    rest = line[begin:]
    if len(rest) <= room - len(head):
        return head + rest
    return head + rest[: max(1, room - len(head) - 1)] + "…"
