"""How numbers and values are said in every text for people."""

from __future__ import annotations

BEFORE = 24  # letters of a line that are shown before the first one that differs


def counted(count: int, word: str, ending: str = "s") -> str:
    """Say a number of things: `1 file`, `2 files`, `1,200 files`; `ending` is the plural's."""
    return f"{count:,} {word}{'' if count == 1 else ending}"


def apart(one: str, other: str, longest: int) -> tuple[str, str]:
    """Shorten two texts to `longest` letters each, so that what differs stays in sight.

    Of several lines that is the first one that differs, with its number; of a long line the part
    around the first letter that differs.
    """
    if max(len(one), len(other)) <= longest and "\n" not in one + other:
        return one, other
    lines = one.splitlines(), other.splitlines()
    at = _alike(*lines)
    title = f"line {at + 1}: " if max(map(len, lines)) > 1 else ""
    first, second = (side[at] if at < len(side) else "(none)" for side in lines)
    begin = _alike(first, second)
    room = longest - len(title)
    if max(len(first), len(second)) <= room or begin == len(first) == len(second):
        begin = 0
    begin = max(0, begin - BEFORE)
    return title + _window(first, begin, room), title + _window(second, begin, room)


def _alike(one: str | list[str], other: str | list[str]) -> int:
    """How many letters or lines are the same at the beginning."""
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
