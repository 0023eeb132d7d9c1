"""The one way to ask a manifest: a fact, or why it is not known.

`fact` answers for a path, in the words of a comparison. The others give plain values where only
the value counts: None, or an empty map, where it is null, absent or not known.
"""

from typing import Any

from msgspec import UNSET, Struct, to_builtins

from envsnap.model.compute import Framework, Gpu
from envsnap.model.fields import Section
from envsnap.model.host import EnvVars
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, reason_for, text
from envsnap.model.python import Package
from envsnap.model.ranks import is_rank_fact

NOT_CAPTURED = "not captured"
NOT_STATED = "not stated"
NOT_NAMED = "not captured under this name"
OLDER = "not captured: the envsnap that wrote it did not record this yet"
VALUE_NOT_READ = "not asked: it is set, but its value was not recorded"
# Sections of files that the user names: a name that one capture did not mention is no absence,
# unless both describe runs, which mention what they opened.
NAMED_BY_USER = ("configs", "weights", "data", "files")
RUN = "run"
# Entries that a probe looks for since a revision: an older manifest does not say that they are absent.
LOOKED_FOR_SINCE: dict[Path, int] = {("tools", "gcc"): 2}


class Fact(Struct, frozen=True, kw_only=True):
    """What a manifest says at a path: a value, or that it is absent, or why it is not known."""

    value: Any = None
    is_there: bool = False
    unknown: str | None = None


def fact(manifest: Manifest, path: Path) -> Fact:
    """Look a path up. An explicit null is there."""
    section = getattr(manifest.sections, path[0], UNSET) if path else UNSET
    if section is UNSET:
        return Fact(unknown=NOT_CAPTURED)
    node: Any = section
    for key in path[1:]:
        node = _below(node, key)
        if node is UNSET:
            break
    if node is not UNSET:
        found = to_builtins(node)
        return Fact(value=list(found) if isinstance(found, tuple) else found, is_there=True)
    reason = reason_for(gaps(section), path[1:])
    if reason is None and not _was_looked_for(section, path):
        reason = NOT_NAMED
    if reason is None and not says_all(section, path):
        reason = NOT_STATED
    return Fact(unknown=reason)


def says_all(section: Section, path: Path) -> bool:
    """Whether what a section does not mention is absent: a list may know its names alone."""
    if section.complete:
        return True
    if path[0] == "wanted" and path[2:] == ("extras",) and not section.names_complete:
        return True  # a line that asks for a distribution names the extras; a lock need not
    is_entry = len(path) == 2 and path[1] not in section.__struct_fields__
    return section.names_complete is True and is_entry


def variables_set(section: EnvVars) -> set[str]:
    """The names of all variables that are set, those aside that only say which process this is."""
    known = section.entries if isinstance(section.entries, dict) else {}
    others = section.others if isinstance(section.others, tuple) else ()
    hidden = (path for path, why in section.gaps.items() if why.startswith("redacted"))
    return {name for name in (*known, *others, *hidden) if not is_rank_fact(name)}


def set_alone(reference: Manifest, other: Manifest) -> tuple[set[str], set[str]]:
    """The variables that one side alone sets, and whose values it does not give: of each side.

    Nothing is known of that where a side does not name all that it sets: then both are empty.
    """
    sections = [side.sections.env_vars for side in (reference, other)]
    known = [part for part in sections if part is not UNSET and isinstance(part.others, tuple)]
    if len(known) < len(sections):
        return set(), set()
    here, there = map(variables_set, known)
    return (
        here - there - entries(reference, "env_vars").keys(),
        there - here - entries(other, "env_vars").keys(),
    )


def given(value: Any) -> Any:
    """A field's value; None where it is missing."""
    return None if value is UNSET else value


def stated(manifest: Manifest, section: str, field: str) -> Any:
    """A field of a section; None where it is null or not known."""
    found = getattr(manifest.sections, section)
    return None if found is UNSET else given(getattr(found, field))


def entries(manifest: Manifest, section: str) -> dict[str, Any]:
    """What a section that is a map holds; empty where the section or its map is missing."""
    return stated(manifest, section, "entries") or {}


def is_captured(manifest: Manifest, section: str) -> bool:
    """Whether a manifest has a section."""
    return getattr(manifest.sections, section) is not UNSET


def is_complete(manifest: Manifest, section: str) -> bool:
    """Whether what is not in a section is not there."""
    found = getattr(manifest.sections, section)
    return found is not UNSET and found.complete


def names_all(manifest: Manifest, section: str) -> bool:
    """Whether an entry that a section does not mention is not there."""
    found = getattr(manifest.sections, section)
    return found is not UNSET and (found.complete or found.names_complete is True)


def is_known(manifest: Manifest, section: str) -> bool:
    """Whether the map of a section was read, if only in part."""
    found = getattr(manifest.sections, section)
    return found is not UNSET and found.entries is not UNSET and "entries" not in found.gaps


def edited(package: Package) -> list[str]:
    """The installed files of a distribution that RECORD states otherwise, and those that are gone."""
    return [
        name
        for files in (package.altered, package.missing)
        if isinstance(files, tuple)
        for name in files
    ]


def packages(manifest: Manifest) -> dict[str, Package]:
    """A manifest's distributions by canonical name; none where they are not known."""
    return entries(manifest, "packages")


def frameworks(manifest: Manifest) -> dict[str, Framework]:
    """A manifest's frameworks by import name; none where they are not known."""
    return entries(manifest, "frameworks")


def gpus(manifest: Manifest) -> dict[str, Gpu]:
    """A manifest's GPUs by index; none where they are not known."""
    return entries(manifest, "gpus")


def version(manifest: Manifest, distribution: str) -> str | None:
    """The installed version of a distribution; None where it is absent or not known."""
    package = packages(manifest).get(distribution)
    return package.version if package is not None and isinstance(package.version, str) else None


def variable(manifest: Manifest, name: str) -> str | None:
    """The value of an environment variable; None where it is not set or not known."""
    return entries(manifest, "env_vars").get(name)


def gap(manifest: Manifest, path: Path) -> str | None:
    """The reason of the gap at or above a path, also where a part of the fact is known."""
    section = getattr(manifest.sections, path[0])
    return None if section is UNSET else reason_for(gaps(section), path[1:])


def gaps(section: Section) -> dict[str, str]:
    """A section's gaps; variables whose values were not read count as gaps too."""
    if isinstance(section, EnvVars) and isinstance(section.others, tuple):
        return {**{text((name,)): VALUE_NOT_READ for name in section.others}, **section.gaps}
    return section.gaps


def _was_looked_for(section: Section, path: Path) -> bool:
    """Tell whether this capture looked for a file that it does not have.

    A file below a named folder was looked for where there are others of that folder.
    """
    if path[0] not in NAMED_BY_USER or len(path) == 1:
        return True
    known = getattr(section, "entries", UNSET)
    if known is UNSET or path[1] in known:
        return known is not UNSET
    folder, slash, _ = path[1].partition("/")
    return bool(slash) and any(name.startswith(f"{folder}/") for name in known)


def _below(node: Any, key: str) -> Any:
    """One step down: a field, an entry of a map, or a key of a free tree."""
    if isinstance(node, Struct):
        if key in node.__struct_fields__ and getattr(node, key) is not UNSET:
            return getattr(node, key)
        inner = next((name for name in ("entries", "tree") if hasattr(node, name)), None)
        return UNSET if inner is None else _below(getattr(node, inner), key)
    if isinstance(node, dict):
        return node.get(key, UNSET)
    if isinstance(node, list | tuple):
        from envsnap.model.list_items import item_at

        return item_at(node, key, UNSET)
    return UNSET
