"""The facts that a finding rests on, looked up in the manifests and never told by a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules.finding import Fact, Finding, SideName

MOST_FACTS = 12
MOST_ITEMS = 64
# A record is shown by the first of these that it has.
NAMED_BY = ("version", "specifier", "name", "soname", "sha256", "build_id", "path")


def with_facts(finding: Finding, sides: dict[SideName, Manifest]) -> Finding:
    """Add what each side states at the finding's path, its changes and what it cites."""
    paths = dict.fromkeys((finding.path, *finding.changes, *finding.cites))
    named = [path for path in paths if len(path) > 1 or path == finding.path][:MOST_FACTS]
    return replace(finding, facts=tuple(_stated(named, sides)))


def _stated(paths: list[Path], sides: dict[SideName, Manifest]) -> Iterator[Fact]:
    for path in paths:
        for side, manifest in sides.items():
            if path[0] == "packages" and _only_asks(manifest):
                continue  # what it asks for stands at a path of its own
            found = reading.fact(manifest, _there(manifest, path))
            if found.unknown is not None:
                yield Fact(path=path, side=side, state="unknown", reason=found.unknown)
            elif found.is_there:
                yield Fact(path=path, side=side, state="stated", value=brief(found.value))
            else:
                yield Fact(path=path, side=side, state="absent")


def _only_asks(manifest: Manifest) -> bool:
    """Whether a side is a file that asks for packages, and none of what is installed."""
    return manifest.sections.packages is UNSET and bool(reading.entries(manifest, "wanted"))


def _there(manifest: Manifest, path: Path) -> Path:
    """Where a side states what a path is about: one that wants nothing, by what is installed."""
    if path[0] != "wanted" or len(path) == 1:
        return path
    asked = reading.entries(manifest, "wanted")
    if asked:
        entry = asked.get(path[1])
        is_one_of = entry is not None and entry.alternatives is not UNSET
        return path[:2] if is_one_of and path[2:] == ("version",) else path
    if path[1] == "requires_python":
        return "python", "version"
    return ("packages", path[1]) if len(path) == 2 else ("packages", path[1], "version")


def _called(key: str, item: Any) -> Any:
    """An entry by its own name, as GPUs have one; else by its key."""
    return item.get("name") or key if isinstance(item, dict) else key


def brief(value: Any) -> Any:
    """A record by its version or name, a section by its entries' names; other values as they are."""
    if isinstance(value, dict):
        if isinstance(value.get("alternatives"), list | tuple):
            told = dict.fromkeys(str(brief(item)) for item in value["alternatives"])
            return " or ".join(list(told)[:MOST_ITEMS])
        if isinstance(value.get("entries"), dict):
            return [_called(name, item) for name, item in value["entries"].items()][:MOST_ITEMS]
        return next((value[key] for key in NAMED_BY if value.get(key) is not None), sorted(value))
    if isinstance(value, list):
        return [brief(item) for item in value[:MOST_ITEMS]]
    return value
