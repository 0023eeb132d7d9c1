"""Which lines of a log its own writer calls no failure: information, notices, warnings.

They speak where nothing else does. Where something failed as well, what was noted beside it is a hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from envsnap.rules.symptoms import owners
from envsnap.rules.symptoms.complaints import is_of_a_service, is_of_what_is_given
from envsnap.rules.symptoms.lines import ESCAPES
from envsnap.rules.symptoms.tracebacks import Traceback

HEAD = 240  # characters in which a line tells its level
NOTED = re.compile(
    r"(?:^|[\s\[(|:])(?:INFO|DEBUG|NOTICE|TRACE|VERBOSE)\b[\s\])|:-]|\[(?:notice|info|debug)\]"
    r"|\b(?:level|severity)[\"']?[=:]\s?[\"']?(?:info|debug|notice|trace)\b|^[ID]\d{4} \d\d:|^I tensorflow/"
)
WARNED = re.compile(
    r"(?:^|[\s\[(|:])(?:WARNING|WARN)\b[\s\])|:-]|\b[A-Z]\w{0,40}Warning: |(?:^|: )warning: |\bOpenBLAS warning"
    r"|\b(?:level|severity)[\"']?[=:]\s?[\"']?warn(?:ing)?\b|^W\d{4} \d\d:|^W tensorflow/"
)
# What speaks of another day is no failure of this one, whatever else a text has.
AGED = re.compile(r"\b(?:Future|Deprecation|PendingDeprecation)Warning: |\[notice\] ")
OF_PYTHON = re.compile(r"\b[A-Z]\w{0,40}Warning: ")  # often goes on in the next line
# What a program raises where it sees that something else has failed: a warning may tell what.
FOLLOWS = ("RuntimeError", "AssertionError", "SystemExit", "Exception", "OSError", "ImportError", "NotImplementedError")  # fmt: skip
FAILED = re.compile(r"(?:^|[\s\[(|:])(?:ERROR|CRITICAL|FATAL)\b[\s\])|:-]|^[EF]\d{4} \d\d:")


class Levels:
    """Which lines tell of no failure, where others of the text do.

    `speaking` are the numbers, from 0, of the lines that known sentences were found in.
    """

    def __init__(
        self, lines: Sequence[str], raised: Sequence[Traceback], speaking: Iterable[int]
    ) -> None:
        self._lines = lines
        self._inside = {number for item in raised for number in range(item.first, item.last + 1)}
        self._calm: tuple[re.Pattern[str], ...] = (AGED,)
        if raised:
            last = max(raised, key=lambda item: item.last)
            self._calm = (AGED, NOTED, *([WARNED] if _is_of_the_program(last) else []))
        elif any(FAILED.search(_head(lines[number])) for number in speaking):
            self._calm = (AGED, NOTED)

    def is_calm(self, number: int) -> bool:
        """Whether a line is a note or a warning beside what failed."""
        if number in self._inside:
            return False
        if self._says_so(_head(self._lines[number])):
            return True
        before = _head(self._lines[number - 1]) if number else ""
        return OF_PYTHON.search(before) is not None and self._says_so(before)

    def _says_so(self, head: str) -> bool:
        return any(pattern.search(head) for pattern in self._calm)


def _head(line: str) -> str:
    return (ESCAPES.sub("", line) if "\x1b" in line else line)[:HEAD]


def _is_of_the_program(raised: Traceback) -> bool:
    """Whether the program's own code raised, or a library complains of what the program gave it."""
    own = [frame for frame in raised.frames if not owners.is_of_python(frame.file)]
    is_own = bool(own) and not owners.is_installed(own[-1].file) and raised.exception not in FOLLOWS
    return is_own or is_of_a_service(raised) or is_of_what_is_given(raised)
