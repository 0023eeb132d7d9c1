"""What `pip install` and `uv pip install` print, also within a build's log: what is installed then.

A later line replaces an earlier one. Only what the commands name is known: the rest of the
environment is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import CUT, Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Package

# The marks that a build's log writes before a line: BuildKit's step and seconds, a CI's time.
BEFORE = r"^(?:#\d{1,4} (?:\d{1,6}\.\d{1,3} )?|\d{4}-\d\d-\d\dT[\d:.]{8,20}Z? )?\s*"
SATISFIED = re.compile(
    BEFORE
    + r"Requirement already (?:satisfied|up-to-date): (?P<name>[\w.-]{1,120})\S*(?: \S+)*? in"
    r" (?P<place>(?:/|[A-Za-z]:\\|\./|c:)[^\n]*?)(?: \(from [^()\n]{1,300}\))? \((?P<version>[^()\s]{1,60})\)$"
)
INSTALLED = re.compile(BEFORE + r"Successfully installed (?P<words>\S+-\S+(?: \S+-\S+)*)$")
REMOVED = re.compile(
    BEFORE + r"Successfully uninstalled (?P<name>[\w.-]{1,120}?)-(?P<version>\S+)$"
)
CONFLICT = re.compile(
    BEFORE + r"(?P<name>[\w.-]{1,120}) (?P<version>\S{1,60}) requires [^\n]{1,200}, but you have"
    r" (?P<other>[\w.-]{1,120}) (?P<has>\S{1,60}) which is incompatible\.$"
)
UV = re.compile(BEFORE + r"Installed \d{1,5} packages? in [\d.]{1,10}m?s$")
UV_LINE = re.compile(
    BEFORE
    + r"(?P<sign>[+~-]) (?P<name>[\w.-]{1,120})==(?P<version>[^\s()]{1,60})(?: \(from [^()\n]{1,300}\))?$"
)
FOLDER = re.compile(
    r"(?P<root>.*?)[/\\][Ll]ib(?:64)?[/\\](?:python\d\.\d{1,2}[/\\])?(?:site|dist)-packages$"
)
SYSTEM = ("/usr", "/usr/local")
HOMES = re.compile(r"(?:/home/[^/]+|/root)/\.local|[A-Za-z]:\\Users\\.*\\Roaming\\Python\\.*")


def recognise(source: Source) -> bool:
    """A line that only such a command prints; what stands between fences is looked at alone."""
    if "```" in source.text or "~~~" in source.text:
        return False
    return any(
        SATISFIED.match(line) or INSTALLED.match(line) or UV.match(line) for line in source.bare
    )


def read(source: Source) -> Draft:
    """The versions as they are in the end."""
    roots = {root for line in source.bare if (root := _root(line)) is not None}
    if len(roots) > 1:
        raise RefusedError(
            f"{source.name}: installs into {len(roots)} environments; put the lines of each into a"
            " file of its own"
        )
    known: dict[str, str] = {}
    for name, version in _told(source.bare):
        if version is None:
            known.pop(canonical(name), None)
        else:
            known[canonical(name)] = version
    draft = Draft("the output of pip install", "installed")
    unsure = [name for name, _ in _told((source.cut,))]
    for name in unsure:  # it was installed; in which version, its line may not say to the end
        known.pop(canonical(name), None)
        draft.package(canonical(name))
    for name, version in known.items():
        draft.package(name, Package(version=version))
    if source.cut:
        draft.leave_end(source.cut)
        for name in unsure:
            draft.gap("packages", (canonical(name), "version"), CUT)
    return draft


def _told(lines: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    """Each name with the version that it has then; None where it is removed."""
    by_uv = False
    for line in lines:
        by_uv = UV.match(line) is not None or (by_uv and UV_LINE.match(line) is not None)
        if (removed := REMOVED.match(line)) is not None:
            yield removed["name"], None
        elif by_uv and (change := UV_LINE.match(line)) is not None:
            yield change["name"], None if change["sign"] == "-" else change["version"]
        else:
            yield from _stated(line)


def _stated(line: str) -> Iterator[tuple[str, str]]:
    """What a line of pip's says of what is installed."""
    pairs: list[tuple[str, str]] = []
    if (found := SATISFIED.match(line)) is not None:
        pairs = [(found["name"], found["version"])]
    elif (found := INSTALLED.match(line)) is not None:
        pairs = [_split(word) for word in found["words"].split()]
    elif (found := CONFLICT.match(line)) is not None:
        pairs = [(found["name"], found["version"]), (found["other"], found["has"])]
    for name, version in pairs:
        if names.is_name(name) and names.is_version(version):
            yield name, version


def _split(word: str) -> tuple[str, str]:
    """Name and version; pip writes both in one word, and versions have no dash."""
    name, _, version = word.rpartition("-")
    return name, version


def _root(line: str) -> str | None:
    """The environment that a line names; folders of the system and of its users are one."""
    found = SATISFIED.match(line)
    place = FOLDER.match(found["place"]) if found is not None else None
    if place is None:
        return None
    root = place["root"]
    return "" if root in SYSTEM or HOMES.fullmatch(root) else root
