"""Reads lists of packages: pip freeze, pip list (columns or JSON), pip inspect."""

from __future__ import annotations

import re
from typing import Any

from envsnap.redact import decision

Sections = dict[str, dict[str, Any]]

PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:===?|@)\s*(\S+)\s*(?:;.*)?$")
COLUMNS = re.compile(r"^Package\s+Version\b.*\n-+\s+-+", re.MULTILINE)
ENOUGH = 0.6


def is_freeze(text: str) -> bool:
    """Tell whether most lines of a text are pins."""
    lines = _lines(text)
    pinned = sum(PIN.match(line) is not None or line.startswith("-e ") for line in lines)
    return bool(lines) and pinned / len(lines) >= ENOUGH


def is_columns(text: str) -> bool:
    """Tell whether a text is what `pip list` prints."""
    return COLUMNS.search(text) is not None


def is_json(tree: object) -> bool:
    """Tell whether a JSON document is `pip inspect` or `pip list --format json`."""
    if isinstance(tree, dict):
        return isinstance(tree.get("installed"), list) and bool(tree["installed"])
    return isinstance(tree, list) and bool(tree) and all(
        isinstance(item, dict) and {"name", "version"} <= set(item) for item in tree
    )  # fmt: skip


def freeze(text: str) -> Sections:
    """The packages of `pip freeze`; it leaves out pip and its kin, so the section is partial."""
    entries: dict[str, Any] = {}
    for line in _lines(text):
        match = PIN.match(line)
        if match is None:
            continue
        name, value = match.groups()
        if "://" in value:
            entries[canonical(name)] = {"origin": {"url": decision.part(value)[0]}}
        else:
            entries[canonical(name)] = {"version": value}
    return _packages(entries, complete=False)


def columns(text: str) -> Sections:
    """The packages of `pip list`."""
    rows = (line.split() for line in text[text.index("Package") :].splitlines()[2:])
    entries = {canonical(row[0]): {"version": row[1]} for row in rows if len(row) > 1}
    return _packages(entries, complete=True)


def from_json(tree: Any) -> Sections:
    """The packages of `pip list --format json`, and the interpreter of `pip inspect` too."""
    if isinstance(tree, list):
        entries = {canonical(str(item["name"])): {"version": str(item["version"])} for item in tree}
        return _packages(entries, complete=True)
    entries = {}
    for item in tree["installed"]:
        metadata = item.get("metadata") if isinstance(item, dict) else None
        if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
            entries[canonical(metadata["name"])] = _inspected(item, metadata)
    found = _packages(entries, complete=True)
    known = tree.get("environment")
    if isinstance(known, dict):
        _add(found, "python", "version", known.get("python_full_version"))
        _add(found, "python", "implementation", known.get("platform_python_implementation"))
        _add(found, "system", "kernel", known.get("platform_release"))
        _add(found, "system", "architecture", known.get("platform_machine"))
    return found


def _inspected(item: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"version": str(metadata.get("version"))}
    if isinstance(item.get("installer"), str):
        entry["installer"] = item["installer"]
    origin = item.get("direct_url")
    if isinstance(origin, dict) and isinstance(origin.get("url"), str):
        entry["origin"] = {"url": decision.part(origin["url"])[0]}
    return entry


def _add(found: Sections, section: str, name: str, value: object) -> None:
    if isinstance(value, str) and value:
        part = found.setdefault(section, {"complete": False, "gaps": {}, "facts": {}})
        part["facts"][name] = value


def _packages(entries: dict[str, Any], *, complete: bool) -> Sections:
    facts = {"entries": entries}
    return {"packages": {"complete": complete, "gaps": {}, "facts": facts}}


def _lines(text: str) -> list[str]:
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def canonical(name: str) -> str:
    """Spell a distribution's name as the package index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
