"""Finds the sentences of the systems in a text: by literal words first, then by their pattern.

All patterns together would take seconds a megabyte. Of a row's words one stands in every match,
so that a pattern is compiled and tried only around such words, and never in the rest of a log.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import accumulate
from typing import Any

from msgspec import Struct

from envsnap.intake.excerpts import LEFT_OUT
from envsnap.rules.symptoms.lines import bare
from envsnap.rules.symptoms.vocabulary import Vocabulary

OCCURRENCES = 12  # of one word, from either end of a text
LONGEST_LINE = 4000
AFTER = 2  # lines that a sentence may go on for


class Match(Struct, frozen=True):
    """A row that a text shows: what its groups hold, and the line that speaks for it."""

    row: dict[str, Any]
    groups: dict[str, str]
    line: str
    number: int  # of the line, from 0


class Lines:
    """A text by lines, and where each begins; `printed` is the text before it was put into English."""

    def __init__(self, text: str, printed: str | None = None) -> None:
        self.text = text
        self.lines = text.split("\n")
        is_translated = printed is not None and printed != text
        self._printed = printed.split("\n") if printed and is_translated else None
        self._starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))
        self._left_out: list[tuple[int, int]] = []  # after which line, and how many in all
        for found in LEFT_OUT.finditer(text):
            number = self.number(found.start())
            if self.lines[number] == found[0]:
                before = self._left_out[-1][1] if self._left_out else 0
                # The mark has a line of its own, and one ends before it.
                self._left_out.append((number, before + int(found[1]) - 2))

    @cached_property
    def words(self) -> Vocabulary:
        """The different words of the text."""
        return Vocabulary(self.text)

    def with_any(self, words: tuple[str, ...]) -> list[int]:
        """The numbers, from 0, of all lines that have one of these words in whatever case."""
        lowered = self.text.lower()
        starts = list(accumulate((len(line) + 1 for line in lowered.split("\n")), initial=0))
        found: set[int] = set()
        for word in words:
            place = lowered.find(word) if self.words.may_have_lowered(word) else -1
            while place >= 0:
                found.add(bisect_right(starts, place) - 1)
                end = lowered.find("\n", place)
                place = lowered.find(word, end) if end >= 0 else -1
        return sorted(found)

    def numbered(self, line: int) -> int:
        """The number of a line in the whole text, from 1; lines that were left out count."""
        place = bisect_right(self._left_out, (line, sys.maxsize)) - 1
        return line + 1 + (self._left_out[place][1] if place >= 0 else 0)

    def as_printed(self, match: Match) -> str:
        """The line of a match, in the words in which it was printed."""
        if self._printed is None or self._printed[match.number] == self.lines[match.number]:
            return match.line
        return bare(self._printed[match.number])

    def number(self, place: int) -> int:
        """The line of a place in the text."""
        return bisect_right(self._starts, place) - 1

    def around(self, place: int) -> tuple[str, int]:
        """A line and those after it that a sentence may need, without prefixes; the line's number.

        Of a very long line the part around the place is given.
        """
        number = self.number(place)
        within = place - self._starts[number]
        line = self.lines[number]
        if len(line) > LONGEST_LINE:
            return line[max(0, within - LONGEST_LINE // 2) : within + LONGEST_LINE // 2], number
        following = (
            bare(item[:LONGEST_LINE]) for item in self.lines[number + 1 : number + 1 + AFTER]
        )
        return "\n".join([bare(line), *following]), number

    def places(self, word: str) -> Iterator[int]:
        """Where a word stands: the first of its places and the last ones, each line once."""
        found: list[int] = []
        place = self.text.find(word)
        while place >= 0 and len(found) < OCCURRENCES:
            found.append(place)
            end = self.text.find("\n", place)
            place = self.text.find(word, end) if end >= 0 else -1
        yield from found
        if len(found) < OCCURRENCES:
            return
        place = self.text.rfind(word)
        for _ in range(OCCURRENCES):
            if place <= found[-1]:
                break
            yield place
            start = self.text.rfind("\n", 0, place)
            place = self.text.rfind(word, 0, start) if start >= 0 else -1


def matches(text: Lines, rows: list[dict[str, Any]]) -> Iterator[Match]:
    """What a text shows of these rows, row by row; the same groups are told once."""
    for row in rows:
        told: set[tuple[str, ...]] = set()
        words = [word for word in row["words"] if text.words.may_have(word)]
        for place in sorted({place for word in words for place in text.places(word)}):
            found = _match(row, text, place)
            if found is not None and (key := tuple(found.groups.values())) not in told:
                told.add(key)
                yield found


def _match(row: dict[str, Any], text: Lines, place: int) -> Match | None:
    window, number = text.around(place)
    match = _compiled(row["pattern"]).search(window)
    if match is None or ("unless" in row and _compiled(row["unless"]).search(text.text)):
        return None
    groups = {name: value for name, value in match.groupdict().items() if value}
    before = window.count("\n", 0, match.start())
    return Match(row, groups, window.split("\n")[before], number + before)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
