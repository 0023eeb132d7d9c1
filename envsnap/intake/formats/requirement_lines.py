"""The lines of requirements files, of `pip freeze`, and of the pip part of conda's files.

A range is kept as a range; only `==` with one whole version, or the name of a wheel, is a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from envsnap.intake.formats import names
from envsnap.knowledge.names import canonical
from envsnap.model.wanted import Choice

Kind = Literal["requirement", "editable", "address", "path", "option", "comment", "junk"]
SAMPLE = 200
OPTION = re.compile(r"(--?[A-Za-z][A-Za-z-]{0,40})(?:[ =]\s*(.*))?$")
PER_LINE = re.compile(
    r"\s+(?:--hash|--config-settings?|--global-option|--install-option|--(?:extra-)?index-url|--find-links|-i|-f)"
    r"[= ]\S+"
)
COMMENT = re.compile(r"(?:^|\s)#.*$")
ADDRESS = re.compile(r"(?:[a-z]{2,6}\+)?[a-z]{3,6}://\S+|git\+\S+@\S+", re.IGNORECASE)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\d]|\$\{?\w")  # or a variable that holds one
PATH = re.compile(
    r"(?:\.{1,2}(?:[/\\]\S*)?|[/~]\S+|[A-Za-z]:\\\S+)(?:\[[\w,.-]+\])?|\S+\.(?:whl|tar\.gz)"
)
EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(.+)$")
# What pip writes above an editable install that no version control knows, or whose remote is gone.
NAMED_ABOVE = re.compile(
    r"# Editable (?:Git |Mercurial |Bazaar |Subversion )?install (?:with no (?:version control|remote) )?"
    r"\(([A-Za-z0-9._-]+)==([^\s()]+)\)(?: with either a deleted local remote or invalid URI:)?"
)
LOST_REMOTE = re.compile(r"# '.*'")  # the line below
OPTIONS = (
    "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--pypi-url",
    "--extra-index-url", "--no-index", "-f", "--find-links", "--pre", "--trusted-host",
    "--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--use-feature",
    "--process-dependency-links", "--use-wheel", "--no-deps", "--no-cache-dir", "--upgrade", "-U",
)  # fmt: skip


class Line(Struct, frozen=True, kw_only=True):
    """One logical line."""

    kind: Kind
    text: str
    name: str = ""
    choice: Choice = Choice()
    option: str = ""
    value: str = ""


def parse(lines: Iterable[str]) -> Iterator[Line]:
    """Read lines that end in a backslash as one, and each by its kind."""
    above: tuple[str, str] | None = None
    for text in _joined(lines):
        found = line(text)
        named = NAMED_ABOVE.match(text.strip())
        if found.kind == "editable" and not found.name and above is not None:
            choice = replace(found.choice, version=above[1])
            found = replace(found, name=canonical(above[0]), choice=choice)
        if named is not None:
            above = named[1], named[2]
        elif not LOST_REMOTE.fullmatch(text.strip()):
            above = None
        if found.text:
            yield found


OF_DEBUG = "vendored library versions:"


def may_be(lines: tuple[str, ...]) -> bool:
    """Whether the first lines look like pip's at all: a long log is told from them.

    `pip debug` lists what pip itself brings along, and the tags of wheels.
    """
    if OF_DEBUG in map(str.strip, lines[:SAMPLE]):
        return False
    head = [found.kind for found in parse(lines[:SAMPLE]) if found.kind != "comment"]
    return head.count("junk") * 3 <= len(head)


def _joined(lines: Iterable[str]) -> Iterator[str]:
    held = ""
    for text in lines:
        if text.endswith("\\") and not text.lstrip().startswith("#"):
            held += text[:-1] + " "
            continue
        yield held + text
        held = ""
    if held:
        yield held


def line(text: str) -> Line:
    """Read one line."""
    stripped = text.strip()
    if not stripped or stripped.startswith("#"):
        return Line(kind="comment", text=stripped)
    bare = PER_LINE.sub(
        "", COMMENT.sub("", stripped) if " #" in stripped or "\t#" in stripped else stripped
    ).strip()
    editable = EDITABLE.match(bare)
    if editable is not None:
        return _editable(editable[1].strip().strip("'\""), bare)
    option = OPTION.fullmatch(bare)
    if option is not None:
        kind: Kind = "option" if option[1] in OPTIONS else "junk"
        return Line(kind=kind, text=bare, option=option[1], value=(option[2] or "").strip())
    return _requirement(bare)


def _editable(place: str, text: str) -> Line:
    if not ADDRESS.fullmatch(place.partition(";")[0].strip()):
        return Line(kind="editable", text=text, choice=Choice(editable=True))
    found = names.address(place.partition(";")[0].strip())
    choice = Choice(editable=True, origin=found.origin, version=found.version or UNSET)
    return Line(kind="editable", text=text, name=canonical(found.name), choice=choice)


def _requirement(text: str) -> Line:
    from packaging.requirements import InvalidRequirement, Requirement

    place, _, marker = text.partition(" ;") if " ;" in text else text.partition("; ")
    if ADDRESS.fullmatch(place.strip()):
        return _address(text, place.strip(), marker.strip())
    try:
        found = Requirement(text)
    except InvalidRequirement:
        if not PATH.fullmatch(place.strip()):
            return Line(kind="junk", text=text)
        return _path(text, place.strip(), marker.strip())
    choice = Choice(
        marker=str(found.marker) if found.marker is not None else UNSET,
        extras=tuple(sorted(found.extras)) or UNSET,
    )
    if found.url is not None and not SCHEME.match(found.url):
        return Line(kind="junk", text=text)  # alice@example.com, lodash@4.17.21
    if found.url is not None:
        there = names.address(found.url)
        choice = replace(choice, origin=there.origin, version=there.version or UNSET)
    else:
        choice = replace(choice, **bounds(str(found.specifier)))
    return Line(kind="requirement", text=text, name=canonical(found.name), choice=choice)


def _path(text: str, place: str, marker: str) -> Line:
    """A file or a folder of one's own: a wheel's name states what it is, the rest says nothing."""
    if not place.endswith(".whl"):
        return Line(kind="path", text=text)
    found = names.address(place)
    choice = Choice(version=found.version or UNSET, marker=marker or UNSET)
    return Line(kind="address", text=text, name=canonical(found.name), choice=choice)


def _address(text: str, place: str, marker: str) -> Line:
    found = names.address(place)
    choice = Choice(origin=found.origin, version=found.version or UNSET, marker=marker or UNSET)
    return Line(kind="address", text=text, name=canonical(found.name), choice=choice)


def bounds(text: str) -> dict[str, str]:
    """What a specifier asks for: the one version that `==` names, or a range."""
    clauses = [clause.strip() for clause in text.split(",") if clause.strip()]
    if len(clauses) == 1 and clauses[0].startswith("==") and not clauses[0].endswith(".*"):
        return {"version": clauses[0].lstrip("=").strip()}
    return {"specifier": ",".join(sorted(clauses))} if clauses else {}
