"""`pyproject.toml`: what a project asks for, as the standard spells it or as Poetry does."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from envsnap.intake.formats import names, poetry_ranges, privacy, trees, wanted_lines
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Origin
from envsnap.model.wanted import Choice, Wanted

ELSEWHERE = ("path", "url", "file")
OF_TOOLS = ("uv", "rye", "pdm")  # their `dev-dependencies` are requirements as pip spells them
PLATFORM = re.compile(r"[a-z0-9_]{2,20}")
CLAUSE = re.compile(r"(==|!=|<=|>=|<|>)([0-9][\w.*]{0,30})")
DEPENDS = re.compile(r"(?:^|-)dependencies$")


def recognise(source: Source) -> bool:
    """TOML with a project, or Poetry's own table, that names what it depends on."""
    if "[" not in source.text or "dependencies" not in source.text:
        return False
    tree = source.toml
    project, poetry = trees.mapping(tree, "project"), trees.mapping(tree, "tool", "poetry")
    # Pixi's older files have a table of the same name, with channels.
    named = bool(trees.text(project, "name")) and "channels" not in project
    return (named and _asks(project)) or "dependencies" in poetry


def _asks(project: dict[str, Any]) -> bool:
    return bool({"dependencies", "optional-dependencies", "dynamic"} & set(project))


def read(source: Source) -> Draft:
    """Each dependency, with the extra or the group that alone asks for it."""
    draft = Draft("pyproject.toml", "wanted")
    tree = source.toml
    project, poetry = trees.mapping(tree, "project"), trees.mapping(tree, "tool", "poetry")
    draft.add(Wanted(complete=False, entries={}))
    wanted_lines.add(draft, project.get("dependencies"))
    for extra, texts in trees.mapping(project, "optional-dependencies").items():
        wanted_lines.add(draft, texts, (extra,))
    _groups(draft, trees.mapping(tree, "dependency-groups"))
    if trees.text(project, "requires-python"):
        draft.add(Wanted(complete=False, requires_python=project["requires-python"]))
    if "dependencies" in (trees.texts(project, "dynamic") or ()):
        draft.leave("dependencies that the build adds (dynamic)")
    _tools(draft, trees.mapping(tree, "tool"))
    _poetry(draft, poetry)
    return draft


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _groups(draft: Draft, groups: dict[str, Any]) -> None:
    """Dependency groups (PEP 735); one that includes another asks for what that one does."""
    members = {canonical(group): _listed(items) for group, items in groups.items()}
    asked: dict[str, list[str]] = {}
    for group in members:
        for text in _with_included(draft, members, group, ()):
            asked.setdefault(text, []).append(group)
    for text, by in asked.items():
        wanted_lines.add(draft, [text], tuple(dict.fromkeys(by)))


def _with_included(
    draft: Draft, members: dict[str, list[object]], group: str, within: tuple[str, ...]
) -> list[str]:
    """The lines of a group and of the groups that it includes."""
    found: list[str] = []
    for item in members[group]:
        included = canonical(str(trees.text(item, "include-group") or ""))
        if isinstance(item, str):
            found.append(item)
        elif included in members and included not in (group, *within):
            found += _with_included(draft, members, included, (*within, group))
        else:
            draft.leave("groups that a group includes: unknown, or in a circle")
    return found


def _tools(draft: Draft, tools: dict[str, Any]) -> None:
    """What uv, Rye and PDM have in tables of their own; whatever else asks there is counted."""
    for tool, table in tools.items():
        others = dict(table) if isinstance(table, dict) and tool != "poetry" else {}
        if tool in OF_TOOLS:
            asked = others.pop("dev-dependencies", None)
            for group, texts in (asked if isinstance(asked, dict) else {"dev": asked}).items():
                wanted_lines.add(draft, texts, (group,))
        if _depends(others):
            draft.leave("tables of dependencies that belong to a tool")
    if trees.mapping(tools, "uv", "sources"):
        draft.leave("sources of uv", len(tools["uv"]["sources"]))


def _depends(table: object) -> bool:
    """Whether a table, at any depth, has one of dependencies."""
    return isinstance(table, dict) and any(
        (DEPENDS.search(key) and bool(value)) or _depends(value) for key, value in table.items()
    )


def _poetry(draft: Draft, poetry: dict[str, Any]) -> None:
    extras: dict[str, tuple[str, ...]] = {}
    for extra, members in trees.mapping(poetry, "extras").items():
        for member in _listed(members):
            key = canonical(str(member).partition(" ")[0])
            extras[key] = (*extras.get(key, ()), extra)
    for name, entry in trees.mapping(poetry, "dependencies").items():
        if name == "python":
            draft.add(Wanted(complete=False, requires_python=poetry_ranges.python(entry)))
        else:
            _want(draft, name, entry, UNSET, extras)
    parts = {"dev": trees.mapping(poetry, "dev-dependencies")} if poetry else {}
    for group in trees.mapping(poetry, "group"):
        parts[group] = trees.mapping(poetry, "group", group, "dependencies")
    for group, entries in parts.items():
        for name, entry in entries.items():
            _want(draft, name, entry, (group,), extras)


def _want(
    draft: Draft,
    name: str,
    entry: object,
    groups: tuple[str, ...] | UnsetType,
    extras: dict[str, tuple[str, ...]],
) -> None:
    """Add what one line of Poetry's asks for: a range, a table, or several tables."""
    key = canonical(name)
    for one in entry if isinstance(entry, list) else [entry]:
        choice = _choice(one)
        if choice is None:
            draft.leave("dependencies whose condition is in Poetry's own words")
            continue
        optional = isinstance(one, dict) and one.get("optional") is True and groups is UNSET
        if optional and key not in extras:
            draft.leave("optional dependencies of no extra")
        else:
            draft.want(key, replace(choice, groups=extras[key] if optional else groups))


def _choice(entry: object) -> Choice | None:
    """None where Poetry's `python` and `platform` say when, and no marker says the same."""
    if not isinstance(entry, dict):
        bounds = poetry_ranges.bounds(entry)
        return None if bounds is None else replace(Choice(), **bounds)
    marker = _marker(entry)
    if marker is None:
        return None
    bounds = poetry_ranges.bounds(entry.get("version", "*"))
    if bounds is None:
        return None
    git = trees.text(entry, "git")
    place = next((trees.text(entry, key) for key in ELSEWHERE if key in entry), UNSET)
    origin: Origin | UnsetType = UNSET
    if isinstance(git, str):
        kinds = ("rev", "tag", "branch")
        told = next((trees.text(entry, key) for key in kinds if key in entry), UNSET)
        origin = names.repository(git, told)
    elif isinstance(place, str) and "://" in place:
        origin = Origin(url=privacy.clean_url(place))
    choice = Choice(
        marker=marker or UNSET,
        extras=trees.texts(entry, "extras"),
        editable=True if entry.get("develop") is True else UNSET,
        origin=origin,
    )
    return replace(choice, **bounds)


def _marker(entry: dict[str, Any]) -> str | None:
    """The marker of `markers`, `platform` and `python`; empty without them, None where there is none."""
    stated = trees.text(entry, "markers")
    parts = [f"({stated})"] if isinstance(stated, str) and len(entry) > 1 else []
    if "platform" in entry:
        platform = trees.text(entry, "platform")
        if not isinstance(platform, str) or PLATFORM.fullmatch(platform) is None:
            return None
        parts.append(f'sys_platform == "{platform}"')
    if "python" in entry:
        bounds = poetry_ranges.python(entry["python"])
        if not isinstance(bounds, str) or not bounds:
            return None
        clauses = filter(None, map(CLAUSE.fullmatch, bounds.replace(" ", "").split(",")))
        told = [f'python_full_version {found[1]} "{found[2]}"' for found in clauses]
        if len(told) != bounds.count(",") + 1:
            return None
        parts += told
    if len(parts) < 2 and isinstance(stated, str):
        return stated
    return " and ".join(parts)
