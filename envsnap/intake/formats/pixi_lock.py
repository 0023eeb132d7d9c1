"""`pixi.lock` and `conda-lock.yml`: what is wanted, platform by platform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from envsnap.intake.formats import conda_names, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.wanted import Choice, Wanted

ARCHIVE = re.compile(r"(?:^|/)([^/]{1,200})-([^-/]{1,99})-([^-/]{1,99})\.(?:conda|tar\.bz2)$")
# conda's platforms as environment markers (PEP 508).
MARKERS = {
    "linux-64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "linux-aarch64": "sys_platform == 'linux' and platform_machine == 'aarch64'",
    "linux-ppc64le": "sys_platform == 'linux' and platform_machine == 'ppc64le'",
    "osx-64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "osx-arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "win-64": "sys_platform == 'win32' and platform_machine == 'AMD64'",
    "win-arm64": "sys_platform == 'win32' and platform_machine == 'ARM64'",
}


class Locked(Struct, frozen=True):
    """One locked package on one platform."""

    name: str
    version: str
    build: str
    platform: str
    is_conda: bool
    group: str = ""


def recognise(source: Source) -> bool:
    """YAML with environments of pixi, or with conda-lock's metadata."""
    if not re.search(r"(?m)^packages?:", source.text) or not re.search(
        r"(?m)^(?:environments|metadata|version):", source.text
    ):
        return False
    tree = source.mapping
    return _is_pixi(tree) or _is_conda_lock(tree)


def _is_pixi(tree: dict[str, Any]) -> bool:
    return "environments" in tree and isinstance(tree.get("packages"), list) and "version" in tree


def _is_conda_lock(tree: dict[str, Any]) -> bool:
    return "content_hash" in trees.mapping(tree, "metadata") and isinstance(
        tree.get("package"), list
    )


def read(source: Source) -> Draft:
    """The default environment's packages; another one's are counted."""
    tree = source.mapping
    pixi = _is_pixi(tree)
    draft = Draft("pixi.lock" if pixi else "conda-lock.yml", "wanted")
    found = list(_of_pixi(tree, draft) if pixi else _of_conda_lock(tree, draft))
    platforms = {item.platform for item in found}
    rows: dict[Locked, set[str]] = {}
    for item in found:
        rows.setdefault(replace(item, platform=""), set()).add(item.platform)
    pythons = {item.version for item in found if item.is_conda and item.name == "python"}
    if len(pythons) > 1:
        reason = f"not stated: it is {' or '.join(sorted(pythons))}, by the platform"
        draft.gap("wanted", ("requires_python",), reason)
    for item, places in rows.items():
        if item.name == "python" and len(pythons) > 1:
            continue
        marker = UNSET if places == platforms and len(platforms) > 1 else _marker(places)
        want(draft, item.name, _choice(item, marker), is_conda=item.is_conda)
    if not draft.has("wanted"):
        draft.add(Wanted(complete=False, entries={}))
    draft.complete("wanted", names_only=True)
    return draft


def _choice(item: Locked, marker: str | UnsetType) -> Choice:
    return Choice(
        version=item.version,
        build=item.build or UNSET,
        marker=marker,
        groups=(item.group,) if item.group else UNSET,
    )


def _marker(platforms: set[str]) -> str | UnsetType:
    told = sorted(MARKERS[platform] for platform in platforms if platform in MARKERS)
    if len(told) == 1:
        return told[0]
    return " or ".join(f"({marker})" for marker in told) or UNSET


def want(draft: Draft, name: str, choice: Choice, *, is_conda: bool) -> None:
    """Add one locked package, under the distribution's name where conda has another."""
    if not is_conda:
        draft.want(canonical(name), choice)
        return
    if name == "python":
        draft.add(Wanted(complete=False, entries={}, requires_python=f"=={choice.version}"))
        return
    distribution = conda_names.distribution(name)
    manager = "conda" if distribution is None else UNSET
    draft.want(distribution or conda_names.key(name), replace(choice, manager=manager))


def _of_pixi(tree: dict[str, Any], draft: Draft) -> Iterator[Locked]:
    environments = trees.mapping(tree, "environments")
    chosen = "default" if "default" in environments else next(iter(sorted(environments)), "")
    if len(environments) > 1:
        draft.leave("other environments of the lock", len(environments) - 1, beside=True)
    records = {_place(item): item for item in trees.records(tree, "packages")}
    for platform, listed in trees.mapping(environments, chosen, "packages").items():
        for entry in listed if isinstance(listed, list) else ():
            place = _place(entry) if isinstance(entry, dict) else ""
            found = _locked(place, records.get(place, {}), platform, is_conda="conda" in entry)
            if found is None:
                draft.leave("local projects")
            else:
                yield found


def _place(item: dict[str, Any]) -> str:
    """Where a package comes from, which is its name in the lock."""
    for key in ("conda", "pypi", "url", "path"):
        value = item.get(key)
        if isinstance(value, str) and "/" in value:
            return value
    return ""


def _locked(place: str, record: dict[str, Any], platform: str, *, is_conda: bool) -> Locked | None:
    if is_conda:
        archive = ARCHIVE.search(place)
        return (
            None if archive is None else Locked(archive[1], archive[2], archive[3], platform, True)
        )
    name, version = trees.text(record, "name"), trees.text(record, "version")
    if isinstance(name, str) and isinstance(version, str):
        return Locked(name, version, "", platform, False)
    return None


def _of_conda_lock(tree: dict[str, Any], draft: Draft) -> Iterator[Locked]:
    for item in trees.records(tree, "package"):
        name, version = trees.text(item, "name"), trees.text(item, "version")
        platform = trees.text(item, "platform")
        if "category" not in item:
            draft.leave("packages whose entry is cut")
        elif isinstance(name, str) and isinstance(version, str) and isinstance(platform, str):
            archive = ARCHIVE.search(str(item.get("url", "")))
            is_conda = item.get("manager") == "conda"
            build = archive[3] if archive is not None and is_conda else ""
            group = "" if item["category"] == "main" else str(item["category"])[:100]
            yield Locked(name, version, build, platform, is_conda, group)
