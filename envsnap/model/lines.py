"""Finds the line of a file on which a fact stands, for formats that point into files."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from envsnap.model.paths import Path

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
# What stands between a path's keys in the file: a path leaves these words out.
LEFT_OUT = ((), ("entries",), ("tree",))
SHORTEST_VALUE = 3


def find(data: bytes, facts: Mapping[Path, Any]) -> dict[Path, int]:
    """Map paths to lines, counted from 1; `facts` holds the value of each path in this file.

    In a manifest a fact that is missing has the line of the nearest thing above it that is there.
    In another text it is the line that holds the value, with the package's name where there is
    one. What cannot be found stands on line 1.
    """
    text = data.decode("utf-8", "replace")
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return _in_text(text, facts)
    pointers = {path: _pointer(tree, path) for path in facts}
    found = _Scan(pointers.values()).lines(text)
    return {path: found.get(pointer, 1) for path, pointer in pointers.items()}


def _pointer(tree: Any, path: Path) -> Path:
    """The keys of the document that lead to a fact, as far as they are there."""
    node, keys = tree, []
    if isinstance(tree, dict) and "sections" in tree and (not path or path[0] not in tree):
        node, keys = tree["sections"], ["sections"]
    for key in path:
        way = next((way for way in LEFT_OUT if _at(node, (*way, key)) is not None), None)
        if way is None:
            break
        node = (_at(node, (*way, key)) or [None])[0]
        keys += [*way, key]
    return tuple(keys)


def _at(node: Any, way: Path) -> list[Any] | None:
    """The value at the end of a way, in a list of one; None where the way ends early."""
    for key in way:
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isascii() and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return [node]


class _Scan:
    """One pass over the tokens of a JSON text; notes the lines of the wanted pointers.

    Each open object or array is a frame: its pointer (None where nothing wanted lies below),
    whether it is an object, and the key or index that it is at.
    """

    def __init__(self, wanted: Iterable[Path]) -> None:
        self._wanted = set(wanted)
        self._above = {path[:length] for path in self._wanted for length in range(len(path) + 1)}
        self._frames: list[tuple[Path | None, bool]] = []
        self._keys: list[str | int | None] = []
        self._found: dict[Path, int] = {}

    def lines(self, text: str) -> dict[Path, int]:
        """Map each wanted pointer to its line."""
        line, position = 1, 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", position, match.start())
            position = match.start()
            self._token(match.group(), line)
        return self._found

    def _token(self, part: str, line: int) -> None:
        if part in "}]":
            self._frames.pop()
            self._keys.pop()
        elif part == ",":
            key = self._keys[-1]
            self._keys[-1] = key + 1 if isinstance(key, int) else None
        elif part != ":":
            in_object = bool(self._frames) and self._frames[-1][1]
            if in_object and self._keys[-1] is None:
                self._keys[-1] = json.loads(part)
                self._note(line)
                return
            if not in_object:
                self._note(line)
            if part in "{[":
                self._frames.append((self._here(), part == "{"))
                self._keys.append(None if part == "{" else 0)

    def _here(self) -> Path | None:
        """The pointer of the value that comes next, if anything wanted lies there or below."""
        if not self._frames:
            return ()
        above = self._frames[-1][0]
        here = None if above is None else (*above, str(self._keys[-1]))
        return here if here in self._above else None

    def _note(self, line: int) -> None:
        here = self._here()
        if here is not None and here in self._wanted:
            self._found.setdefault(here, line)


def _in_text(text: str, facts: Mapping[Path, Any]) -> dict[Path, int]:
    """Look for the values in a report of another tool."""
    lines = text.split("\n")
    return {path: _line_with(lines, path, value) for path, value in facts.items()}


def _line_with(lines: list[str], path: Path, value: Any) -> int:
    words = []
    if path[:1] == ("packages",) and len(path) > 1:
        words.append(re.compile(rf"(?<![\w.-]){_spellings(path[1])}(?![\w-])", re.IGNORECASE))
    if isinstance(value, str) and len(value) >= SHORTEST_VALUE:
        words.append(re.compile(rf"(?<![\w.]){re.escape(value)}(?![\w.])"))
    if not words:
        return 1
    return next(
        (number for number, line in enumerate(lines, 1) if all(w.search(line) for w in words)), 1
    )


def _spellings(name: str) -> str:
    """A pattern for every spelling of a distribution's canonical name."""
    return "[-_.]+".join(map(re.escape, name.split("-")))
