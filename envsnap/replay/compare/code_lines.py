"""Lines of the script, and of modules beside it, that are not those of the golden run."""

from __future__ import annotations

import difflib
import os
import zlib
from collections.abc import Iterator, Sequence

from envsnap.redact import decision
from envsnap.replay.esr.recording import Record

LONGEST, SHOWN = 2000, 120  # of a line: what is judged, and what is told
MINOR = "m"  # lines that only import or tell something
BARE = "n:"  # a function without those
STATEMENT = "s:"  # of a block that is no function


def compare(golden: Record, other: Record) -> Iterator[tuple[str, str]]:
    """What differs, in words, and where that is, as `file.py:12-14`; what only imports or tells last.

    Lines that are no code, and functions that do the same under other names of their own values,
    are no difference, where both recordings tell what is code.
    """
    found = list(_all(golden, other))
    for minor in (False, True):
        yield from ((told, place) for is_minor, told, place in found if is_minor is minor)


def _all(golden: Record, other: Record) -> Iterator[tuple[bool, str, str]]:
    """Each difference, and whether its lines only import something or tell the reader something."""
    here, there = golden.code, other.code
    for name, two in there.items():
        alone = len(here) == len(there) == 1
        twin = next(iter(here)) if alone and not here.get(name) else name
        one = here.get(twin)
        if one is None or one == two:
            continue
        known = _Blocks(golden.blocks.get(twin)), _Blocks(other.blocks.get(name))
        lines = _text(name, two)
        matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
        for what, first, last, start, end in matcher.get_opcodes():
            if what == "equal" or (
                known[0].do_the_same((first + 1, last), known[1])
                and known[1].do_the_same((start + 1, end), known[0])
            ):
                continue
            place = f"{name}:{start + 1}-{max(end, start + 1)}"
            if what == "delete":
                yield False, _missing(name, first, last), place
            else:
                span = (start + 1, end)
                yield (
                    known[1].is_minor(span, known[0]),
                    _differs(name, known[1].first_code(span) - 1, lines),
                    place,
                )


def _missing(name: str, first: int, last: int) -> str:
    if last - first > 1:
        return f"{name} lines {first + 1} to {last} of the golden run are missing"
    return f"{name} line {first + 1} of the golden run is missing"


def _differs(name: str, start: int, lines: list[str]) -> str:
    shown = decision.message(lines[start].strip()[:LONGEST], {})[:SHOWN] if lines else ""
    return f"{name} line {start + 1} differs" + (f": `{shown}`" if shown else "")


class _Blocks:
    """The functions and statements of one file: where they stand, and digests of what they do."""

    def __init__(self, told: Sequence[str] | None) -> None:
        self._is_told = told is not None
        self._found: list[tuple[int, int, str]] = []
        self._minor: list[tuple[int, int]] = []
        self._bare: list[tuple[int, int, str]] = []
        for item in told or ():
            span, _, digest = item.partition(" ")
            first, _, last = span.partition("-")
            if not (first.isdigit() and last.isdigit()):
                continue
            if digest == MINOR:
                self._minor.append((int(first), int(last)))
            elif digest.startswith(BARE):
                self._bare.append((int(first), int(last), digest))
            else:
                self._found.append((int(first), int(last), digest))
        self._digests = {digest for _, _, digest in self._found}
        # The order of statements counts; that of functions does not.
        self._statements = [digest for _, _, digest in self._found if digest.startswith(STATEMENT)]

    def is_minor(self, lines: tuple[int, int], other: _Blocks) -> bool:
        """Whether these lines hold no code but what imports or tells something, and its consequences."""
        theirs = {digest for _, _, digest in other._bare}
        alike = [(first, last) for first, last, digest in self._bare if digest in theirs]
        code = [(first, last) for first, last, _ in self._found]
        return self._is_told and all(
            _stands(line, [*self._minor, *alike]) or not _stands(line, code)
            for line in range(lines[0], lines[1] + 1)
        )

    def first_code(self, lines: tuple[int, int]) -> int:
        """The first of these lines that does more than import or tell something; the first without."""
        code = [(first, last) for first, last, _ in self._found]
        every = range(lines[0], lines[1] + 1)
        acting = (line for line in every if _stands(line, code) and not _stands(line, self._minor))
        return next(acting, lines[0])

    def do_the_same(self, lines: tuple[int, int], other: _Blocks) -> bool:
        """Whether all code in these lines (from 1, both ends of them) is in the other file, too."""
        if not (self._is_told and other._is_told):
            return False
        touched = [
            digest for first, last, digest in self._found if first <= lines[1] and last >= lines[0]
        ]
        statements = any(digest.startswith(STATEMENT) for digest in touched)
        if statements and self._statements != other._statements:
            return False
        return all(digest in other._digests for digest in touched)


def _stands(line: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= line <= last for first, last in spans)


def _text(name: str, digests: tuple[str, ...]) -> list[str]:
    """The lines of a file, if it still is the one that was recorded."""
    try:
        if os.path.getsize(name) > 1 << 21:
            return []
        with open(name, "rb") as stream:
            data = stream.read().split(b"\n")
    except (OSError, ValueError):
        return []
    if tuple(f"{zlib.crc32(line.strip()):08x}" for line in data) != digests:
        return []
    return [line.decode("utf-8", "replace") for line in data]


def within(place: str, after: str, before: str) -> bool:
    """Whether lines of a file overlap those between two places of it; an open end is no bound."""
    name, _, span = place.rpartition(":")
    first, _, last = span.partition("-")
    for bound, late in ((after, False), (before, True)):
        file, _, line = bound.rpartition(":")
        if not file:
            continue
        if file != name or not line.isdigit():
            return False
        if (int(first) > int(line)) if late else (int(last) < int(line)):
            return False
    return True
