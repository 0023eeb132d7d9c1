"""`conda list`, `mamba list`, `micromamba list` and `pixi list`: the table, JSON, and --explicit."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import conda_names, names, privacy, transcript, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.python import Conda, Package

HEADER = re.compile(r"^#? {0,3}Name\s+Version\s+Build(?:\s+Channel)?(?:\s.*)?$")
PIXI = re.compile(r"^Package\s+Version\s+Build\s+Size\s+Kind\s+Source\s*$")
PIXI_ROW = re.compile(
    r"^(?P<name>[A-Za-z0-9_][\w.-]{0,80})\s+(?P<version>[\w.!+]{1,60})\s+(?:(?P<build>\S+)\s+)?"
    r"(?:[\d.]+ [KMG]?i?B\s+)?(?P<kind>conda|pypi)(?:\s+(?P<channel>\S+))?$"
)
ROW = re.compile(
    r"^(?P<name>[A-Za-z0-9_][\w.-]{0,80})\s+(?P<version>[\w.!+]{1,60})\s+(?P<build>\S{1,80})(?:\s+(?P<channel>\S+))?$"
)
EXPLICIT = re.compile(r"^@EXPLICIT\s*$")
ARCHIVE = re.compile(
    r"^(?P<url>(?:https?|file)://\S+/(?P<platform>[a-z]+-[\w]+|noarch)/(?P<file>[^/#\s]+?)\.(?:conda|tar\.bz2))(?:#(?P<digest>(?:sha256:)?[0-9a-f]{32,64}))?$"
)
EXPORT = re.compile(r"^(?P<name>[a-z0-9_][\w.-]*)=(?P<version>[^=\s]+)=(?P<build>[^=\s]+)$")
NOT_ALL = re.compile(r"\|\s*(?:e?grep|head|tail|findstr)|conda list +(?!-)\S")
OF_PIP = ("pypi_0", "<pip>", "<develop>")


def recognise(source: Source) -> bool:
    """The head line of the table, the mark of an explicit list, or conda's own JSON."""
    if isinstance(source.json, list):
        return _is_json(source.json)
    lines = _lines(source)
    heads = (HEADER, EXPLICIT, PIXI)
    return any(head.match(line) for line in lines for head in heads) or _is_export(lines)


def _lines(source: Source) -> list[str]:
    return [line.strip() for line in source.bare]


def _is_json(tree: list[Any]) -> bool:
    return bool(tree) and all(
        isinstance(item, dict) and {"name", "version", "channel"} <= set(item) and bool({"build_string", "build"} & set(item))
        for item in tree
    )  # fmt: skip


def _is_export(lines: list[str]) -> bool:
    told = [line for line in lines if line and not line.startswith("#")]
    return len(told) > 1 and all(map(EXPORT.match, told))


def read(source: Source) -> Draft:
    """What is installed, complete in its names unless the command shows a part."""
    draft = Draft("the output of conda list", "installed")
    lines = _lines(source)
    whole = True
    if isinstance(source.json, list):
        for item in source.json:
            build = trees.text(item, "build_string") or trees.text(item, "build")
            url = trees.text(item, "url")
            _add(
                draft,
                str(item["name"]),
                str(item["version"]),
                str(build or ""),
                str(item["channel"]),
                str(url or ""),
            )
    elif any(map(EXPLICIT.match, lines)):
        whole = _explicit(draft, lines)
    elif any(map(PIXI.match, lines)):
        _pixi(draft, lines)
    elif _is_export(lines):
        for line in lines:
            found = EXPORT.match(line)
            if found is not None:
                _add(draft, found["name"], found["version"], found["build"], "")
    else:
        whole = _table(draft, source, lines)
    if whole and not source.cut:
        draft.complete("packages", names_only=True)
    else:
        draft.leave("packages that this list does not show")
    return draft


def _table(draft: Draft, source: Source, lines: list[str]) -> bool:
    heads = [place for place, line in enumerate(lines) if HEADER.match(line)]
    if len(heads) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(heads)} outputs of conda list; put each into a file of its own"
        )
    for line in lines[heads[0] + 1 :]:
        found = ROW.match(line)
        if found is None or not found["version"][:1].isalnum():
            if line and not set(line) <= set("─-= "):
                break
            continue
        _add(draft, found["name"], found["version"], found["build"], found["channel"] or "")
    typed = [line for line in lines[max(0, heads[0] - 4) : heads[0]] if transcript.command(line)]
    return not any(NOT_ALL.search(line) for line in typed)


def _pixi(draft: Draft, lines: list[str]) -> None:
    """`pixi list`: what is conda's and what is Python's index' is told in a column."""
    for line in lines:
        found = PIXI_ROW.match(line)
        if found is not None:
            channel = "pypi" if found["kind"] == "pypi" else found["channel"] or ""
            _add(draft, found["name"], found["version"], found["build"] or "", channel)


def _explicit(draft: Draft, lines: list[str]) -> bool:
    """Addresses: name, version and build are the archive's name; what pip installed is not there."""
    for line in lines:
        found = ARCHIVE.match(line)
        if found is None or found["file"].count("-") < 2:
            continue
        name, version, build = found["file"].rsplit("-", 2)
        digest = (found["digest"] or "").removeprefix("sha256:")
        conda = Conda(
            version=version,
            build=build,
            url=privacy.clean_url(found["url"]),
            md5=digest if len(digest) == 32 else UNSET,
            sha256=digest if len(digest) == 64 else UNSET,
        )
        conda_names.add(draft, name, conda)
    return False


def _add(draft: Draft, name: str, version: str, build: str, channel: str, url: str = "") -> None:
    """One row: what pip installed is pip's, the rest conda's."""
    if channel == "pypi" or build in OF_PIP or build.startswith("pypi"):
        draft.package(names.canonical(name), Package(version=version))
        return
    conda_names.add(
        draft,
        name,
        Conda(
            version=version,
            build=build or UNSET,
            channel=_channel(channel) or UNSET,
            url=privacy.clean_url(url) if url else UNSET,
        ),
    )


def _channel(channel: str) -> str:
    return privacy.clean_url(channel) if "://" in channel else channel
