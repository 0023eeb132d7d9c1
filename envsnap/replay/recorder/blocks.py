"""What the lines above say of a line: the name that it is listed below, the columns of a table.

One line after the other, as a program prints them. What a name says of the lines below it is
judged as in a tree of settings. Words alone are secrets only where a password is told: a tokenizer
prints its tokens below that word, too.
"""

from __future__ import annotations

import json
import re

from envsnap.redact import keys, kinds, tables, trees, words
from envsnap.redact.weighing import hides

Span = tuple[int, int, str]

# passwords:   - "passwords": [   secret = (
_HEAD = re.compile(
    r"([ \t]{0,40})(?:- )?[\"']?([A-Za-z_][\w.-]{0,80})[\"']?[ \t]{0,2}[:=][ \t]{0,4}[\[({|>]?[-+]?[ \t]{0,4}\Z"
)
# - value   "name": "value",   name = value
_ITEM = re.compile(
    r"([ \t]{0,60})(- )?(?:[\"']?([A-Za-z_][\w.-]{0,80})[\"']?[ \t]{0,2}[:=][ \t]{1,4})?"
    r"(?:\"([^\"\n]{1,4096})\"|'([^'\n]{1,4096})'|([^\s\"'{}\[\](),]{1,4096}))[ \t]{0,4},?[ \t]{0,4}\Z"
)
# passwords: [a, b]   tokens = {read: a, write: b}
_FLOW = re.compile(
    r"[\"']?([A-Za-z_][\w.-]{0,80})[\"']?[ \t]{0,2}[:=][ \t]{0,4}[\[{(]([^\[\]{}()\n]{3,4096})[\]})]"
)
_PART = re.compile(
    r"\s*(?:[\"']?([A-Za-z_][\w.-]{0,80})[\"']?\s{0,2}[:=]\s{0,4})?"
    r"(?:\"([^\"\n]{1,4096})\"|'([^'\n]{1,4096})'|([^\s\"',]{1,4096}))\s*(?:,|\Z)"
)
# NAME=value, "name": value, a decorated name (prod): value, as the whole of a line.
_WHOLE = re.compile(
    r"[ \t]{0,60}(?:- |export |set |ENV )?[\"']?(?P<name>[^\s\"'=:,][^\"'=:,\n]{0,60}?)[\"']?[ \t]{0,4}(?::=|=>?|:(?=[ \t]))[ \t]{0,8}"
    r"(?:\"([^\"\n]{1,4096})\"|'([^'\n]{1,4096})'|([^\s\"'{}\[\](),]{1,4096}))[ \t]{0,4}[,;]?[ \t]{0,4}\Z"
)
_NAME = re.compile(r"[A-Za-z_][\w.-]{2,80}")
LONGEST_TREE, SHORTEST_LOST = 8000, 3
MOST_WORDS = 4  # of a name


class Above:
    """Reads lines in their order, and tells what is a secret by what stands above."""

    def __init__(self) -> None:
        self._name, self._indent = "", 0
        self._table = tables.Table()

    def spans(self, line: str) -> list[Span]:
        """Where the secrets of the next line are."""
        found = [*self._listed(line), *self._table.spans(line), *_flow(line), *_pair(line)]
        found += _tree(line) if not found else []
        self._remember(line)
        return found

    def _listed(self, line: str) -> list[Span]:
        if not self._name or not line.strip():
            return []
        item = _ITEM.match(line)
        indent = len(line) - len(line.lstrip())
        inside = indent > self._indent or (indent == self._indent and line.lstrip()[:2] == "- ")
        if not inside:
            self._name = ""
            return []
        return _judged(self._name, item, (3, 4, 5, 6)) if item is not None else []

    def _remember(self, line: str) -> None:
        head = _HEAD.match(line) if line[-1:] in ":=[({|>-+" or line.endswith(" ") else None
        if head is not None and not self._name and keys.weigh(head.group(2)) >= keys.SECRET:
            self._name, self._indent = head.group(2), len(head.group(1))


def _flow(line: str) -> list[Span]:
    """What a list or a mapping has that stands behind a name, in one line."""
    found = []
    for match in _FLOW.finditer(line) if "[" in line or "{" in line or "(" in line else ():
        name = match.group(1)
        if keys.weigh(name) < keys.SECRET:
            continue
        at = 0
        part = _PART.match(match.group(2), at)
        while part is not None and part.end() > at:
            found.extend(_judged(name, part, (1, 2, 3, 4), match.start(2)))
            at = part.end()
            part = _PART.match(match.group(2), at)
    return found


def _pair(line: str) -> list[Span]:
    """A line that is a name and its value, judged as a setting: in any language, however decorated."""
    match = _WHOLE.match(line) if ":" in line or "=" in line else None
    if match is None or len(match["name"].split()) > MOST_WORDS:
        return []
    group = _filled(match, (2, 3, 4))
    value: str = match.group(group)
    name = match["name"].strip("-@?* \t")
    kept, cuts = _walked({name: trees.Quoted(value) if group < 4 else value})
    tells = keys.weigh(name) != keys.SECRET or kinds.is_made(value)  # token: Paris
    is_whole = bool(cuts) and tells and kept.get(name) is None
    return [(match.start(group), match.end(group), cuts[0])] if is_whole else []


def _tree(line: str) -> list[Span]:
    """A line that is a tree of settings: {"auth": {"password": "x"}}, auth: {user: ml, password: x}."""
    start = line.lstrip(" \t-")
    is_one = len(line) <= LONGEST_TREE and start.rstrip(" ,;")[-1:] in "}]" and "{" in line
    if not is_one or not any(keys.weigh(name) >= keys.SECRET for name in _NAME.findall(line)):
        return []
    tree = _parsed(start.rstrip(" ,;"))
    if not isinstance(tree, dict | list):
        return []
    lost: list[tuple[str, str]] = []

    def note(path: tuple[str, ...], why: str, text: str) -> None:
        names = [part for part in path if not part.isdigit()]
        level = keys.weigh(names[-1]) if names else keys.NOTHING
        if level != keys.SECRET or kinds.is_made(text):
            lost.append((text, why))

    trees.Walk(note).tree(tree, ())
    return [
        (match.start(), match.end(), why)
        for text, why in lost
        for match in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", line)
        if len(text) >= SHORTEST_LOST
    ]


def _parsed(text: str) -> object:
    import yaml

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (texts only)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _judged(name: str, item: re.Match[str], groups: tuple[int, ...], offset: int = 0) -> list[Span]:
    """One item below a name, judged as a tree of settings would be."""
    key = item.group(groups[0])
    group = _filled(item, groups[1:])
    value, level = item.group(group), _level(name)
    _, cuts = _walked({name: {key: value}} if key else {name: [value]})
    if not cuts or not (_is_secret(value, level) or (key and keys.weigh(key) >= keys.PASSWORD)):
        return []
    return [(offset + item.start(group), offset + item.end(group), cuts[0])]


def _filled(match: re.Match[str], groups: tuple[int, ...]) -> int:
    """Which spelling of a value it is: in double quotes, in single ones, or bare."""
    return next(number for number in groups if match.group(number) is not None)


def _walked(tree: dict[str, object]) -> tuple[dict[str, object], list[str]]:
    """A tree without its secrets, and why each was cut."""
    cuts: list[str] = []
    return trees.Walk(lambda _path, why, _lost: cuts.append(why)).tree(tree, ()), cuts


def _level(name: str) -> int:
    """What a name says; a secret in the singular is a word that was chosen, as a password is."""
    level = keys.weigh(name)
    chosen = level == keys.SECRET and words.split(name)[-1] == "secret"
    return keys.PASSWORD if chosen else level


def _is_secret(value: str, level: int) -> bool:
    """A word alone is one below a password's name; below others it has to look made."""
    return hides(value, level) and (level >= keys.PASSWORD or kinds.is_made(value))
