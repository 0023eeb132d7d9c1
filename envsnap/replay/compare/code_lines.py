"""Lines of the script, and of modules beside it, that are not those of the golden run."""

from __future__ import annotations

import difflib
import os
import zlib
from collections.abc import Iterator, Mapping

from envsnap.redact import decision

LONGEST, SHOWN = 2000, 120  # of a line: what is judged, and what is told
Code = Mapping[str, tuple[str, ...]]  # CRC-32 of each line, by file


def compare(here: Code, there: Code) -> Iterator[tuple[str, str]]:
    """What differs, in words, and where that is, as `file.py:12-14`."""
    for name, two in there.items():
        one = here.get(name) or (here[next(iter(here))] if len(here) == len(there) == 1 else None)
        if one is None or one == two:
            continue
        lines = _text(name, two)
        matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
        for what, first, last, start, end in matcher.get_opcodes():
            if what == "equal":
                continue
            if what == "delete":
                told = f"{name} lines {first + 1} to {last} of the golden run are missing" if last - first > 1 else f"{name} line {first + 1} of the golden run is missing"  # fmt: skip
            else:
                shown = (
                    decision.message(lines[start].strip()[:LONGEST], {})[:SHOWN] if lines else ""
                )
                told = f"{name} line {start + 1} differs" + (f": `{shown}`" if shown else "")
            yield told, f"{name}:{start + 1}-{max(end, start + 1)}"


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
