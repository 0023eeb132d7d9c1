"""A foreign file as formats look at it: text, lines, and trees that are parsed once.

Texts come as people have them: UTF-8 or UTF-16, with other line ends, quoted by a mail program,
indented by Markdown, between the fences of a code block. `variants` yields those readings, the
plainest first.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from envsnap.errors import InputError
from envsnap.intake.formats import stamps
from envsnap.model import scan

LONGEST_LINE = 20_000
MOST_LINES = 400_000
LARGEST_TREE = 16 << 20  # TOML and YAML are parsed by Python, far slower than JSON
LARGEST_AROUND = 1 << 20  # of a text in which documents are looked for
MOST_DOCUMENTS = 20
JSON = re.compile(r"(?m)^[{\[]")
XML = re.compile(r"(?ms)^<\?xml [^>\n]{0,80}\?>\n.{1,400000}?^</\w+>(?=[ \t]*$)")
SPAN = re.compile(r"^(?P<mark>[ \t]{0,3}(?:[-*] )?)`(?P<code>[^`\n]{1,300})`[ \t]*$")
QUOTE = re.compile(r"^[ \t]{0,3}(?:>[ \t]?){1,5}")
LOG_PREFIX = re.compile(
    r"^\[?(?:\d{4}[-/])?\d{2}[-/]\d{2}[ T]\d{2}:\d{2}:\d{2}[\d.,:Z+]*\]? (?:- )?(?:[\w.]+ - )?"
    r"(?:INFO|info|DEBUG)? ?(?:- )?"
)
# A log that begins with the level: Python's own (`INFO:root:`), or one with the time behind it.
LEVEL_PREFIX = re.compile(
    r"^(?:INFO|DEBUG|WARNING)(?::[\w.]{1,60}:| \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[\d.]*Z? )"
)
# Words that only a sentence has in a row; a remark, a key or an item of a list begins otherwise.
SENTENCE = re.compile(r"(?:[^\s#*<>-]\S* )?[A-Za-z'\u2019]{1,20}(?:,? [A-Za-z'\u2019]{1,20}){3}")
ANNOUNCES = re.compile(r"[A-Z][a-z]{1,20}(?: [A-Za-z'\u2019]{1,20}){1,8}::?\s*$")
UNDERLINE = re.compile(r"[=~-]{3,80}\s*")
# An exact release at the end of a line, and distributions whose releases have a build behind them.
PINNED = re.compile(r"[=~<>!]=\s?\d{1,4}(?:\.\d{1,6}){2,3}\Z")
BUILT = re.compile(
    r"(?:-\s+)?(?:torch|jax|flash|xformers|tensorflow|triton|vllm|cupy)", re.IGNORECASE
)
BRACKETS = (("[", "]"), ("{", "}"), ("(", ")"))
FENCE = re.compile(r"^[ \t]*(?:```|~~~)")
ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]{0,30}[ -/]{0,5}[@-~]|[\]_][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|[@-Z\\-_])"
)
# How CircleCI begins the output of a step: its shell, and the command.
OF_A_STEP = re.compile(r"\A#!/bin/(?:ba)?sh -eo? pipefail\n(?=[a-z])")
BLANKS = str.maketrans(
    {"\u00a0": " ", "\u200b": None, "\ufeff": None, "\u2028": "\n", "\x00": None}
)
# Python reads no number that is longer, and no report holds one.
LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{4000}")
MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


FEWEST_SPACED = 9  # lines
ORDERS = ("utf-16-le", "utf-16-be")


Beside = Callable[[str], bytes | None]


class Source:
    """The bytes of one file and the ways to look at them."""

    def __init__(
        self,
        data: bytes,
        name: str,
        base: str = "",
        text: str | None = None,
        beside: Beside | None = None,
    ) -> None:
        """Keep the bytes; `name` begins messages, `base` is the file's own name.

        `beside` gives the bytes of a file by its path relative to this one, or None. Raises
        InputError for a number that no program could have meant.
        """
        if LONG_NUMBER.search(data) is not None:
            raise InputError(f"{name}: holds a number of 4,000 digits or more; it is not read")
        self.data, self.name, self.base = data, name, base
        self._text, self._beside = text, beside

    def beside(self, path: str) -> Source | None:
        """Another file that this one names, relative to it; None where it cannot be had."""
        data = self._beside(path) if self._beside is not None else None
        if data is None:
            return None
        folder = path.rpartition("/")[0]
        return Source(
            data,
            path,
            path.rpartition("/")[2],
            beside=lambda inner: (
                self._beside(f"{folder}/{inner}" if folder else inner)
                if self._beside is not None
                else None
            ),
        )

    @cached_property
    def text(self) -> str:
        """The text with plain line ends and without terminal codes; empty for what is none."""
        found = decoded(self.data) if self._text is None else self._text
        found = found.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
        if "\x1b" in found:
            found = ESCAPE.sub("", found)
        found = OF_A_STEP.sub("$ ", found)
        return found.translate(BLANKS) if not found.isascii() or "\x00" in found else found

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines that are whole, right-stripped: one without a line end may have been cut."""
        found = self._ended[: MOST_LINES * 200].split("\n")
        return tuple(line[:LONGEST_LINE].rstrip() for line in found[:-1][:MOST_LINES])

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """The whole lines without the marks of a reply, right-stripped."""
        return tuple(QUOTE.sub("", line) if ">" in line[:12] else line for line in self.lines)

    @cached_property
    def unlogged(self) -> tuple[str, ...]:
        """The bare lines without the time and the level that a log writes before each."""
        return tuple(map(_without_prefix, self.bare))

    @cached_property
    def plain(self) -> str:
        """The text without the marks of a reply or of code, and without shared indentation."""
        return unquoted(self.text)

    @cached_property
    def cut(self) -> str:
        """What stands behind the last line end, and may have been cut."""
        return self._ended.rpartition("\n")[2][:LONGEST_LINE].strip()

    @cached_property
    def whole(self) -> str:
        """The text of all whole lines."""
        return self._ended.rpartition("\n")[0] + "\n" if "\n" in self._ended else ""

    @cached_property
    def _ended(self) -> str:
        """The text, with the line end that editors leave out where the last line shows that it is whole."""
        text, last = self.text, self.text.rpartition("\n")[2]
        return f"{text}\n" if last.strip() and is_whole(last[:LONGEST_LINE]) else text

    @cached_property
    def json(self) -> Any:
        """The JSON document; None for what is none, or is refused as such."""
        if self.text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            return scan.parse(self.text.encode("utf-8", "replace"), self.name)
        except InputError:
            return None

    @cached_property
    def toml(self) -> dict[str, Any]:
        """The TOML document; empty for what is none."""
        import tomllib

        if len(self.text) > LARGEST_TREE:
            return {}
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError):  # numbers of thousands of digits, too
            return {}

    @cached_property
    def yaml(self) -> tuple[Any, ...]:
        """The YAML documents, scalars as text; none for what is no YAML.

        A last line without a line end is left out: it may have been cut.
        """
        from envsnap.intake import config_trees

        if len(self.text) > LARGEST_TREE:
            return ()
        try:
            tree = config_trees.parse(self.whole, "yaml")
        except config_trees.UnparsedError:
            return ()
        several = "\n---" in self.whole and isinstance(tree, list)
        return tuple(tree) if several else (tree,)

    @cached_property
    def mapping(self) -> dict[str, Any]:
        """The only YAML document, if it is a mapping; else empty."""
        found = [item for item in self.yaml if item is not None]
        return found[0] if len(found) == 1 and isinstance(found[0], dict) else {}

    def variants(self) -> Iterator[Source]:
        """The text without what a log adds, as it is, and without quoting and indentation.

        A time before each line reads as a name and a version.
        """
        plain = self.plain
        unstamped = plain
        if len(plain) <= LARGEST_AROUND:
            unstamped = stamps.without(_single_spaced(plain))
        if unstamped != plain:
            yield Source(self.data, self.name, self.base, unstamped, self._beside)
        yield self
        if plain != self.text:
            yield Source(self.data, self.name, self.base, plain, self._beside)

    def documents(self) -> tuple[Source, ...]:
        """The JSON and XML documents that begin and end with lines of their own."""
        text = self.plain
        if len(text) > LARGEST_AROUND:
            return ()
        found = [one[0] for one in XML.finditer(text)]
        place = 0
        for begin in [one.start() for one in JSON.finditer(text)][:MOST_DOCUMENTS]:
            if begin < place:
                continue
            try:
                _, place = json.JSONDecoder().raw_decode(text, begin)
            except (ValueError, RecursionError):
                continue
            if not text[place:].partition("\n")[0].strip():
                found.append(text[begin:place])
        return tuple(Source(b"", self.name, self.base, f"{text}\n") for text in found)

    def between(self) -> Source | None:
        """What stands between paragraphs of sentences; None where none stand around it."""
        paragraphs = unquoted(self.whole[:LARGEST_AROUND]).split("\n\n")
        begin, end = 0, len(paragraphs)
        while begin < end and _is_prose(paragraphs[begin]):
            begin += 1
        while begin < end and (_is_prose(paragraphs[end - 1]) or not paragraphs[end - 1].strip()):
            end -= 1
        if begin == end or (begin == 0 and end == len(paragraphs)):
            return None
        text = textwrap.dedent("\n\n".join(paragraphs[begin:end]).rstrip("\n"))
        return Source(b"", self.name, "", f"{text}\n")

    def blocks(self) -> tuple[Source, ...]:
        """The fenced blocks of a Markdown text."""
        found: list[list[str]] = []
        inside = False
        for line in self.plain.split("\n"):
            if FENCE.match(line):
                inside = not inside
                if inside:
                    told = line.strip().lstrip("`~")  # Slack has no info string: a pin is a line
                    found.append([told] if "==" in told else [])
            elif inside:
                found[-1].append(line)
        if inside:
            found.pop()  # never closed: nobody knows where it ends
        texts = (textwrap.dedent("\n".join(block)) + "\n" for block in found)
        return tuple(Source(b"", self.name, self.base, text) for text in texts if text.strip())


def is_whole(line: str) -> bool:
    """Whether a line without an end can hardly have been cut: it closes what it opened, or pins a release.

    A release of three numbers is one; `2.1` may be the beginning of `2.1.0`. Those of frameworks
    have a build behind them (`2.4.0+cu121`).
    """
    stripped = line.strip()
    if (PINNED.search(stripped) and not BUILT.match(stripped)) or stripped.endswith(" GNU/Linux"):
        return True
    pairs = all(stripped.count(one) == stripped.count(two) for one, two in BRACKETS)
    marks = all(stripped.count(mark) % 2 == 0 for mark in ("'", '"'))
    return stripped[-1:] in "]})'\"" and pairs and marks


def _is_prose(paragraph: str) -> bool:
    """Whether a line of a paragraph begins as a sentence does, announces what follows, or is a heading."""
    lines = paragraph.split("\n")
    return any(SENTENCE.match(line) or ANNOUNCES.match(line) for line in lines) or (
        len(lines) == 2 and UNDERLINE.fullmatch(lines[1]) is not None
    )


CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decoded(data: bytes) -> str:
    """The text of bytes in UTF-8 or UTF-16, with a byte order mark or without; else empty."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    head = data[:4000]
    # Every other byte of ASCII is zero; lines of a box are U+2500, so both halves have some.
    if max(head[::2].count(0), head[1::2].count(0)) > len(head) // 5:
        plain = {order: _plain(head.decode(order, "replace")) for order in ORDERS}
        order = max(ORDERS, key=lambda order: plain[order])
        if plain[order] * 8 > len(head):  # a quarter of the characters
            return data.decode(order, "replace")
    if b"\0" in head:
        return ""
    text = data.decode("utf-8", "replace")
    return text if text.count("\ufffd") * 50 <= len(text) or _is_text(text) else ""


def _is_text(text: str) -> bool:
    """Whether what is no UTF-8 are letters of another encoding: in lines, without control characters."""
    head = text[:4000]
    ours = sum(" " <= character <= "~" for character in head)
    return "\n" in head and ours * 2 > len(head) and CONTROL.search(head) is None


def _plain(text: str) -> int:
    """How many characters are ASCII's, without the zero."""
    return sum("\t" <= character <= "~" for character in text)


def unquoted(text: str) -> str:
    """A text without the marks of a reply or of code, and without indentation that lines share.

    Only where most lines are quoted, or all are code: a mark inside a text is that text's own.
    """
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    quoted = sum(QUOTE.match(line) is not None for line in filled)
    if filled and quoted * 2 > len(filled):
        lines = [QUOTE.sub("", line) for line in lines]
    spans = [SPAN.match(line) for line in lines]
    if len(filled) > 1 and sum(span is not None for span in spans) == len(filled):
        lines = [span["code"] if span else "" for span in spans]
    return textwrap.dedent("\n".join(lines))


def _single_spaced(text: str) -> str:
    """A text without the empty line that stands behind each of its lines."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) < FEWEST_SPACED or any(map(str.strip, lines[1::2])):
        return text
    return "\n".join(lines[::2]) + "\n"


def _without_prefix(line: str) -> str:
    if line[:1].isdigit() or line[:1] == "[":
        return LOG_PREFIX.sub("", line).rstrip()
    return LEVEL_PREFIX.sub("", line).rstrip() if line[:1] in "IDW" and line else line
