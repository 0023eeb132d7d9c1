"""`/etc/os-release`."""

from __future__ import annotations

import re
from typing import Any

from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

LINE = re.compile(r"^([A-Z][A-Z0-9_]{1,40})=(.*)$")
KEYS = {"ID", "NAME", "PRETTY_NAME", "VERSION_ID"}


def recognise(source: Source) -> bool:
    """Assignments only, with the identifier and the name of a distribution."""
    lines = [line for line in source.lines if line.strip() and not line.startswith("#")]
    found = {match[1] for line in lines if (match := LINE.match(line))}
    return len(found) == len(lines) and {"ID", "NAME"} <= found and len(KEYS & found) > 2


def read(source: Source) -> Draft:
    """Name, identifier and version of the operating system."""
    draft = Draft("os-release", "stated")
    found = {match[1]: _plain(match[2]) for line in source.lines if (match := LINE.match(line))}
    names = {"PRETTY_NAME": "os", "ID": "os_id", "VERSION_ID": "os_version"}
    told: dict[str, Any] = {name: found[key] for key, name in names.items() if found.get(key)}
    draft.add(System(complete=False, platform="linux", **told))
    return draft


def _plain(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
