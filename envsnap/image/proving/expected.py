"""What a manifest states, as a script without envsnap compares it: see probe/verdict.py."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, to_builtins

from envsnap.image.proving.announced import OF_A_BUILD, Announced, build_of
from envsnap.image.proving.proof import STRAYS, strays
from envsnap.model.fields import Field, Kind, Section, plan
from envsnap.model.manifest import Manifest, present

# Files are compared by what was named for the script; their contents do not travel.
BY_DIGEST = {"configs": ("sha256",), "weights": ("sha256",)}
# Not facts of the place that a script looks at, or worked out by the host alone.
LEFT_OUT = frozenset(
    ("identity", "git", "seeds", "determinism", "process", "data", "files", "wanted")
)


def tree(
    manifest: Manifest, announced: Announced, named: frozenset[str], *, by_plan: bool = False
) -> dict[str, Any]:
    """Return the portable facts, and what may be otherwise; `named` are the files to compare.

    `by_plan` says that the place is an image of the plan, all of whose files are the plan's.
    """
    sections = {
        name: _record(section, section, manifest.schema_revision, ())
        for name, section in present(manifest.sections).items()
        if name not in LEFT_OUT and name not in BY_DIGEST
    }
    for name, fields in BY_DIGEST.items():
        node = _files(getattr(manifest.sections, name), fields, named)
        if node is not None:
            sections[name] = node
    return {
        "fingerprint": manifest.fingerprint,
        "sections": sections,
        "by_plan": by_plan,
        "strays": {
            f"{section}.{field}": strays(manifest, section, field) for section, field in STRAYS
        },
        "build": list(build_of(manifest)),
        "of_a_build": list(OF_A_BUILD),
        "announced": {
            "reasons": dict(announced.reasons),
            "lost": dict(announced.lost),
            "brought": dict(announced.brought),
        },
    }


def _files(section: Any, fields: tuple[str, ...], named: frozenset[str]) -> dict[str, Any] | None:
    if section is UNSET or section.entries is UNSET:
        return None
    found = {
        key: {"facts": {name: {"is": getattr(item, name)} for name in fields}, "absent": []}
        for key, item in section.entries.items()
        if key in named and isinstance(item.sha256, str)
    }
    return {"facts": {"entries": {"map": found, "closed": False}}, "absent": []} if found else None


def _record(
    record: Struct, section: Section, revision: int, path: tuple[str, ...]
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    absent: list[str] = []
    for field in plan(type(record)):
        if field.kind is not Kind.PORTABLE:
            continue
        value = getattr(record, field.name)
        if value is UNSET:
            if section.complete and field.since <= revision and not section.gaps:
                absent.append(field.name)
            continue
        facts[field.name] = _node(value, field, section, revision, (*path, field.name))
    return {"facts": facts, "absent": absent}


def _node(
    value: Any, field: Field, section: Section, revision: int, path: tuple[str, ...]
) -> dict[str, Any]:
    if field.is_map and isinstance(value, dict):
        inner = {
            key: _record(item, section, revision, (*path, key))
            if isinstance(item, Struct)
            else {"is": to_builtins(item)}
            for key, item in value.items()
        }
        return {"map": inner, "closed": section.complete}
    if isinstance(value, Struct):
        return _record(value, section, revision, path)
    return {"is": to_builtins(value)}
