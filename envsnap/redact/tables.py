"""Tables in a text: cells below the names of columns, whatever parts them.

Markdown, the clients of databases, kubectl, CSV and HTML have the name of a secret in one line, and the
secret in another one. Lines are told one after the other, as a recording has them.
"""

import re

from . import keys, kinds, sentences
from .weighing import hides

_HINTS = re.compile(r"(?i)pass|pw|secret|token|key|cred|psk|auth|cookie|webhook")
_RULE = re.compile(r"[ \t|+:=\u2500-\u257f-]*[-=\u2500]{2}[ \t|+:=\u2500-\u257f-]*\Z")
_CELL = re.compile(r"[A-Za-z_][\w .#/()-]{0,40}\Z")
_PLAIN = re.compile(r"[\"']?[A-Za-z_][\w.-]{0,40}[\"']?\Z")
# What parts two cells, and which names of columns say that names stand below them, and values.
_SIGNS = (("|", r"[|\u2502]"), ("\t", r"\t"), (";", ";"), (",", ","), ("  ", r" {2,}|\t"))
_OF_NAMES = frozenset(
    "key name variable setting parameter option field property env secret".split()
)
_OF_VALUES = frozenset("value val setting current default data content".split())
LONGEST = 2000
_HTML_ROW = re.compile(r"(?is)<tr\b[^>]{0,200}>(.{1,4000}?)</tr>")
_HTML_CELL = re.compile(r"(?is)<t[hd]\b[^>]{0,200}>([^<]{0,1000})</t[hd]>")


class Table:
    """The table that the lines so far have begun, if they have."""

    def __init__(self) -> None:
        self._sign, self._names, self._certain, self._ruled = "", [], False, False

    def spans(self, line: str) -> list:
        """Return (start, end, why) of the cells of the next line that are secrets."""
        if _RULE.match(line):
            self._certain, self._ruled = bool(self._names), True
            return []
        cells = _cells(line, self._sign) if self._names else []
        if cells and len(cells) == len(self._names):
            return judged(self._names, cells, self._certain)
        self._begin(line)
        return []

    def _begin(self, line: str) -> None:
        """Take a line as the names of columns, if it can be."""
        ruled, self._ruled, self._names = self._ruled, False, []
        if len(line) > LONGEST or _HINTS.search(line) is None:
            return
        for sign, shape in _SIGNS:
            cells = [text for text, _ in _cells(line, shape)] if sign in line.strip() else []
            if len(cells) < 2 or not _are_names(cells, sign):
                continue
            self._sign, self._names = shape, cells
            self._certain = sign in "\t;," or ruled or line.lstrip()[:1] == "|" or line.isupper()
            return


def _cells(line: str, shape: str) -> list:
    """The cells of a line, each with its place; bars may stand at both ends."""
    found, start = [], 0
    for match in [*re.finditer(shape, line), None]:
        end = match.start() if match else len(line)
        text = line[start:end]
        found.append((text.strip(), start + len(text) - len(text.lstrip())))
        start = match.end() if match else end
    while found and not found[0][0]:
        del found[0]
    while found and not found[-1][0] and shape[0] in "[ ":
        del found[-1]
    return found


def _are_names(cells: list, sign: str) -> bool:
    """Whether cells are names of columns, of which one is a secret's, or names and values."""
    shape = _PLAIN if sign in ",;" else _CELL
    if not all(shape.match(cell) for cell in cells):
        return False
    return any(_level(cell) >= keys.SECRET for cell in cells) or _pair(cells) is not None


def _level(name: str) -> int:
    short = name.strip("\"'")
    return keys.weigh(short, variable=short.isupper() and len(short) > 5)


def _pair(names: list):
    """Which column has names, and which one their values; None without both."""
    low = [name.strip("\"'").lower() for name in names]
    name = next((at for at, word in enumerate(low) if word in _OF_NAMES), None)
    value = next((at for at, word in enumerate(low) if word in _OF_VALUES and at != name), None)
    return None if name is None or value is None else (name, value)


def judged(names: list, cells: list, certain: bool = True) -> list:
    """Which cells of a row are secrets under the names of its columns; if it is certain that they are."""
    found, pair = [], _pair(names)
    for at, (name, (text, start)) in enumerate(zip(names, cells)):
        level = _level(name)
        if pair is not None and at == pair[1]:
            level = max(level, _level(cells[pair[0]][0]))
        inner = text.strip("\"'`")
        if level >= keys.SECRET and _is_secret(inner, name, level, certain):
            begin = start + text.index(inner)
            found.append((begin, begin + len(inner), "column that tells a secret"))
    return found


def _is_secret(text: str, name: str, level: int, certain: bool) -> bool:
    if not hides(text, level) or (kinds.is_words(text) and keys.weigh(text) >= keys.PERHAPS):
        return False
    if not certain or re.match("tokens?\\Z", name.lower()):
        # A text's tokens stand in tables, too.
        return kinds.is_made(text) or sentences.is_told(text)
    return text.count(" ") < 3 and not sentences.is_said(text)


def spans(text: str) -> list:
    """Return (start, end, why) of the secrets in the tables of a text."""
    if "\n" not in text and "<t" not in text:
        return []
    if _HINTS.search(text) is None:
        return []
    found, table, start = _html(text) if "<t" in text else [], Table(), 0
    for line in text.split("\n"):
        found.extend(
            (start + begin, start + end, why) for begin, end, why in table.spans(line.rstrip("\r"))
        )
        start += len(line) + 1
    return found


def _html(text: str) -> list:
    found, names = [], []
    for row in _HTML_ROW.finditer(text):
        cells = [
            (cell.group(1), row.start(1) + cell.start(1))
            for cell in _HTML_CELL.finditer(row.group(1))
        ]
        inner = [cell.strip() for cell, _ in cells]
        if len(inner) > 1 and _are_names(inner, "|"):
            names = inner
        elif len(inner) == len(names):
            found.extend(judged(names, cells))
    return found
