"""Splits lines of a shell into commands, without running or guessing anything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

# What ends a command, and what holds such a sign without ending one. What a command prints in the
# place of a word is a variable to whoever only reads; a redirection is no word of a command. A `>`
# that stands against a word is a comparison of versions that somebody forgot to quote.
PIECES = re.compile(
    r"""(?P<printed>\$\((?:[^()]|\([^()]*\)){0,2000}\)|`[^`]{0,2000}`)"""
    r"""|(?P<whole>'[^']*'|"(?:\\.|\$\((?:[^()]|\([^()]*\)){0,2000}\)|[^"\\])*"|\\.)"""
    r"""|(?P<remark>(?<!\S)#[^\n]*)"""
    r"""|(?P<redirected>(?<=\s)\d?(?:>>?|<)\s{0,4}(?:&\d|[^\s;&|<>]+)|(?<=\s)&>>?\s{0,4}[^\s;&|]+)"""
    r"""|(?P<end>&&|\|\||\|&|[;\n|&])|[^'"\\#&|;\n`$>< \t]+|.""",
    re.DOTALL,
)
OPENS = re.compile(r"\s*(?:if|while|until|case)\b")
CLOSES = re.compile(r"\s*(?:fi|done|esac)\b")
TESTS = re.compile(r"\s*(?:\[{1,2}\s|test\s|!\s)")


class Command(Struct, frozen=True):
    """The text of one command, and whether it surely runs, as far as one can see."""

    text: str
    is_sure: bool


def commands(text: str) -> Iterator[Command]:
    """The commands of a line, or of several, without comments and redirections.

    One below `if` or behind `||`, or behind a test and `&&`, may be passed over.
    """
    depth, before, joint = 0, "", ""
    for words, end in _pieces(text):
        depth = max(0, depth - (CLOSES.match(words) is not None))
        depth += OPENS.match(words) is not None
        may_fail = joint == "||" or (joint == "&&" and TESTS.match(before) is not None)
        if words.strip():
            yield Command(words, not (depth or may_fail))
        if not may_fail or end != "&&":  # what follows a test and what hangs on it, hangs on it too
            before, joint = words, end


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text of each command, and what ends it."""
    found = ""
    for piece in PIECES.finditer(text):
        if piece["end"]:
            yield found, piece["end"]
            found = ""
        elif piece["printed"]:
            found += "$()"
        elif not (piece["remark"] or piece["redirected"]):
            found += piece[0]
    yield found, ""
