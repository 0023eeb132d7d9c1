"""`Pipfile`: what pipenv is asked for, in packages and other categories."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import pipfile_lock, privacy, trees, wanted_lines
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.wanted import Wanted

CONDITIONS = (
    "os_name", "sys_platform", "platform_machine", "platform_python_implementation",
    "platform_release", "platform_system", "platform_version", "python_version",
    "python_full_version", "implementation_name", "implementation_version",
)  # fmt: skip
# Tables that name no packages.
OTHERS = frozenset(("source", "requires", "scripts", "pipenv", "pipfile"))


def recognise(source: Source) -> bool:
    """TOML with packages and with a source or a Python, as pipenv writes them; or under its own name."""
    if "[packages]" not in source.text:
        return False
    tree = source.toml
    listed = any(trees.text(item, "url") for item in trees.records(tree, "source"))
    is_named = source.base == "Pipfile" and not source.cut
    return "packages" in tree and (listed or "requires" in tree or is_named)


def read(source: Source) -> Draft:
    """Each package with its range; those of other categories with the category."""
    draft = Draft("a Pipfile", "wanted")
    tree = source.toml
    draft.add(Wanted(complete=False, entries={}))
    for category, entries in tree.items():
        if category in OTHERS or not isinstance(entries, dict):
            continue
        groups = UNSET if category == "packages" else (category,)
        for name, entry in entries.items():
            told = _with_conditions(entry) if isinstance(entry, dict) else {"version": entry}
            if _is_range(told.get("version", "*")):
                draft.want(canonical(name), pipfile_lock.choice(told, groups))
            else:
                draft.leave("packages whose version is no range")
    for item in trees.records(tree, "source"):
        url = trees.text(item, "url")
        if isinstance(url, str):
            draft.add_source(privacy.clean_url(url))
    requires = trees.mapping(tree, "requires")
    wanted_lines.python(draft, requires.get("python_full_version", ""))
    wanted_lines.python(draft, requires.get("python_version", ""))
    return draft


def _with_conditions(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry whose conditions, as `sys_platform = "== 'win32'"`, are one marker."""
    told = [f"{key} {entry[key]}" for key in CONDITIONS if isinstance(entry.get(key), str)]
    stated = entry.get("markers")
    if told and isinstance(stated, str):
        told.insert(0, f"({stated})")
    return {**entry, "markers": " and ".join(told)} if told else entry


def _is_range(text: object) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return text == "*" or bool(SpecifierSet(str(text)))
    except InvalidSpecifier:
        return False
