"""Poetry's ranges in the words of PEP 440: `^1.2` is at least 1.2 and below 2."""

from __future__ import annotations

import re

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import requirement_lines

CARET = re.compile(
    r"(?P<mark>\^|~(?!=))[ ]?(?P<version>\d{1,6}(?:\.\d{1,6}){0,3})(?P<rest>[\w.+-]*)"
)
NUMBER = re.compile(r"=?[ ]?v?(?P<version>\d[\w.!+]*)")
STAR = re.compile(r"=?(?P<version>\d{1,6}(?:\.\d{1,6}){0,2})\.\*")
CLAUSE = re.compile(r"(?:[<>]=?|!=|~=|==)[ ]?\d[\w.!+*]*")


def bounds(text: object) -> dict[str, str] | None:
    """The one version, or the range, as the fields of a choice; None for what is neither.

    `1.2` alone is that version. Alternatives (`||`) are no range of PEP 440.
    """
    clauses = []
    words = [word.strip() for word in str(text).split(",")]
    for word in words:
        found = _clause(word)
        if found is None:
            return None
        clauses += found
    return requirement_lines.bounds(",".join(clauses))


def python(text: object) -> str | UnsetType:
    """A range of Python versions; Poetry's bare number is that version."""
    found = bounds(text) or {}
    return f"=={found['version']}" if "version" in found else found.get("specifier", UNSET)


def _clause(word: str) -> list[str] | None:
    if word == "*":
        return []
    caret, star, number = CARET.fullmatch(word), STAR.fullmatch(word), NUMBER.fullmatch(word)
    if caret is not None:
        floor = caret["version"] + caret["rest"]
        return [f">={floor}", f"<{_ceiling(caret['mark'], caret['version'])}"]
    if star is not None:
        return [f"=={star['version']}.*"]
    if number is not None:
        return [f"=={number['version']}"]
    return [word.replace(" ", "")] if CLAUSE.fullmatch(word) else None


def _ceiling(mark: str, version: str) -> str:
    """The first version that is too new: the next of the first number that is not zero.

    A tilde holds two numbers, and one where only one is given.
    """
    numbers = [int(part) for part in version.split(".")]
    if mark == "~":
        place = min(1, len(numbers) - 1)
    else:
        filled = (place for place, number in enumerate(numbers) if number)
        place = next(filled, len(numbers) - 1)
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1]))
