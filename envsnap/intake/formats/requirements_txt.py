"""Requirements files: what is wanted, with markers, ranges, addresses and options."""

from __future__ import annotations

import re

from msgspec import UNSET

from envsnap.intake.formats import names, requirement_lines
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.requirement_lines import Line
from envsnap.intake.formats.source import Source
from envsnap.model.wanted import Wanted
from envsnap.probe import secrets

ENOUGH = 0.9
MOST_INCLUDED = 50
FILE = re.compile(
    r"(?:.*[._-])?(?:requirements?|constraints?|reqs?|deps)(?:[._-].*)?\.(?:txt|in|pip)"
)
OF_PIP = ("-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links")  # fmt: skip
INDEXES = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")


def recognise(source: Source) -> bool:
    """Nearly all lines are pip's, and what is asked for is more than bare words."""
    lines = [line for line in requirement_lines.parse(source.lines) if line.kind != "comment"]
    good = [line for line in lines if line.kind != "junk"]
    if not good or len(good) < ENOUGH * len(lines):
        return False
    named = FILE.fullmatch(source.base.lower()) is not None
    return any(_is_pips(line) for line in good) or (named and _are_words(good))


def _is_pips(line: Line) -> bool:
    """Whether a line can hardly be anything but pip's."""
    choice = line.choice
    told = (choice.version, choice.specifier, choice.marker, choice.extras, choice.origin)
    asked = line.kind == "requirement" and any(part is not UNSET for part in told)
    included = line.kind == "option" and line.option in OF_PIP and bool(line.value)
    return asked or included or line.kind in ("address", "editable")


def _are_words(lines: list[Line]) -> bool:
    return all(line.kind in ("requirement", "option", "path") for line in lines)


def read(source: Source) -> Draft:
    """What the file asks for, and what the files that it includes do."""
    draft = Draft("a requirements file", "wanted")
    add(draft, source)
    return draft


def add(draft: Draft, source: Source) -> None:
    """Add what a requirements file asks for."""
    _Reader(draft).file(source, 0)
    if not draft.has("wanted"):
        draft.add(Wanted(complete=False, entries={}))


class _Reader:
    """Reads a file and those it includes, each once."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._seen = draft, 0

    def file(self, source: Source, depth: int, *, bound: bool = False) -> None:
        """Take in one file; of a constraints file only bounds."""
        for line in requirement_lines.parse(source.lines):
            if line.kind == "option":
                self._option(source, line, depth, bound=bound)
            elif line.kind in ("path", "junk") or (line.kind == "editable" and not line.name):
                what = "lines that could not be read" if line.kind == "junk" else "local projects"
                self._draft.leave(what)
            elif line.kind != "comment":
                self._line(line, bound=bound)
        if source.cut:
            self._cut(source.cut)

    def _line(self, line: Line, *, bound: bool) -> None:
        if not line.name:
            self._draft.leave("addresses without a name")
        elif bound:
            choice = line.choice
            held = choice.specifier or (f"=={choice.version}" if choice.version else "")
            if held:
                self._draft.add(Wanted(complete=False, constraints={line.name: held}))
        else:
            self._draft.want(line.name, line.choice)

    def _option(self, source: Source, line: Line, depth: int, *, bound: bool) -> None:
        if line.option in ("-r", "--requirement", "-c", "--constraint"):
            self._seen += 1
            found = None if depth > 4 or self._seen > MOST_INCLUDED else source.beside(line.value)
            if found is None:
                self._draft.leave(f"the file that it names by {line.option}")
            else:
                bounds = bound or line.option in ("-c", "--constraint")
                self.file(found, depth + 1, bound=bounds)
        elif line.option in INDEXES and line.value:
            clean = secrets.clean_url(line.value.strip("'\""))
            self._draft.add_source(clean)
        else:
            self._draft.leave("options of pip")

    def _cut(self, text: str) -> None:
        """The last line has no end: its name is kept where something follows it."""
        line = requirement_lines.line(text)
        pinned = line.choice.version is not UNSET or line.choice.specifier is not UNSET
        if line.kind == "requirement" and pinned and names.is_name(line.name):
            self._draft.want(line.name, type(line.choice)())
            reason = "not stated: its line has no end and may be cut"
            self._draft.gap("wanted", (line.name, "version"), reason)
        self._draft.leave("a last line without an end, which may be cut")
