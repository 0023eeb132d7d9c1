"""Names of many hosts as people of clusters write them: `n[1-16,18]`, `rack[1-2]n[01-32]`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from envsnap.errors import InputError

MOST_HOSTS = 200_000
RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18})(?:/([0-9]{1,18}))?)?")
NAME = re.compile(r"[A-Za-z0-9_@%+][A-Za-z0-9_.@:%+/-]{0,252}")
PARTS = re.compile(r"(?<![0-9])([0-9]{1,18})(?![0-9])")  # a longer one is no number of a host


def expand(text: str) -> list[str]:
    """Spell every host of a node set out, each once, in order. Raises InputError.

    Sets are separated by commas or blanks; brackets hold numbers and ranges, with zeros in front
    where the names have them, and `/2` for every second; `!` takes the following set away.
    """
    found: dict[str, None] = {}
    for word in _words(text):
        away = word.startswith("!")
        for name in _expanded(word[1:] if away else word):
            if away:
                found.pop(name, None)
            else:
                found[name] = None
            if len(found) > MOST_HOSTS:
                raise InputError(f"{text[:60]}: more than {MOST_HOSTS:,} hosts")
    return list(found)


def _words(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, letter in enumerate(text + ","):
        depth += (letter == "[") - (letter == "]")
        if depth not in (0, 1):
            raise InputError(f"{text[:60]}: brackets that do not match")
        if depth == 0 and letter in ", \t\n":
            if word := text[start:place].strip():
                yield word
            start = place + 1
    if depth:
        raise InputError(f"{text[:60]}: brackets that do not match")


def _expanded(word: str) -> Iterator[str]:
    """The hosts of one word; several brackets multiply."""
    before, bracket, rest = word.partition("[")
    if not bracket:
        if not NAME.fullmatch(word):
            raise InputError(f"{word[:60]}: not a host's name or node set")
        yield word
        return
    inside, _, after = rest.partition("]")
    for number in _numbers(inside, word):
        yield from _expanded(f"{before}{number}{after}")


def _numbers(inside: str, word: str) -> Iterator[str]:
    for part in inside.split(","):
        match = RANGE.fullmatch(part.strip())
        if match is None:
            raise InputError(f"{word[:60]}: [{inside[:40]}] holds no numbers like 1-16,18")
        first, last, step = match.group(1), match.group(2) or match.group(1), match.group(3) or "1"
        if int(last) < int(first) or int(last) - int(first) > MOST_HOSTS or int(step) < 1:
            raise InputError(f"{word[:60]}: {part} is no range of up to {MOST_HOSTS:,}")
        width = len(first) if first.startswith("0") else 0
        yield from (f"{number:0{width}d}" for number in range(int(first), int(last) + 1, int(step)))


def fold(names: Collection[str]) -> str:
    """Write names as a node set; names that differ in one number share a bracket."""
    padded = {
        (before, after, len(number))
        for before, number, after in filter(None, map(_split, names))
        if number.startswith("0") and len(number) > 1
    }
    groups: dict[tuple[str, str, int], set[int]] = {}
    plain: dict[str, None] = {}
    for name in names:
        parts = _split(name)
        if parts is None:
            plain[name] = None
        else:
            before, number, after = parts
            width = len(number) if (before, after, len(number)) in padded else 0
            groups.setdefault((before, after, width), set()).add(int(number))
    told = list(plain)
    for (before, after, width), found in groups.items():
        numbers = sorted(found)
        ranges = _ranges(numbers, width)
        whole = f"{numbers[0]:0{width}d}" if len(numbers) == 1 else f"[{ranges}]"
        told.append(f"{before}{whole}{after}")
    return ",".join(told)


def _split(name: str) -> tuple[str, str, str] | None:
    """A name around its last number of the first label: n12.rack3 has 12."""
    label, dot, domain = name.partition(".")
    parts = PARTS.split(label)
    if len(parts) < 3:
        return None
    return "".join(parts[:-2]), parts[-2], parts[-1] + dot + domain


def _ranges(numbers: list[int], width: int) -> str:
    """Sorted numbers as 1-16,18."""
    told: list[str] = []
    start = before = numbers[0]
    for number in [*numbers[1:], -1]:
        if number == before + 1:
            before = number
            continue
        first, last = f"{start:0{width}d}", f"{before:0{width}d}"
        told.append(first if start == before else f"{first}-{last}")
        start = before = number
    return ",".join(told)
