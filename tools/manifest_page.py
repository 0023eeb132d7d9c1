"""docs/manifest.md: every field of a manifest, with its kind and unit, from the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from envsnap.cli.schema import render
from envsnap.model.fields import KIND_KEY, SINCE_KEY

INTRODUCTION = """\
# Fields of a manifest

Written by `python -m tools.regenerate` from the model; `envsnap schema manifest` prints the JSON
Schema. NAME stands for a key that the environment decides: a distribution, a variable, a file.

| kind | meaning |
|---|---|
| portable | a container can carry it; compared, and expected of a rebuilt image |
| host | shapes results and cannot be carried; compared |
| location | where something lies; not compared |
| volatile | different at every look; not compared |
| | how the manifest is built; not a fact |

Every section also has `complete`, `names_complete`, `digest` and `gaps`. Their meaning is the same everywhere.

"since 1" means that the field came with revision 1 of the schema. In a manifest of an older
revision it is unknown, not absent."""

# What every section has; it stands on the page once.
EVERYWHERE = ("complete", "names_complete", "digest", "gaps")
# The words of a description that are its unit.
UNITS = re.compile(
    r"\b(bytes|MHz|milliwatts|bits|lanes|seconds|nanoseconds|milliseconds|processors)\b",
    re.IGNORECASE,
)


def page() -> str:
    """Every section with its fields."""
    schema = json.loads(render("manifest"))
    parts = [INTRODUCTION, "## The document", _table(_fields(schema, "Manifest", deep=False))]
    shared = (row for row in _fields(schema, "Python") if row[0] in EVERYWHERE)
    parts += ["## Every section", _table(shared)]
    parts += ["## `target`", _table(_fields(schema, "Target"))]
    for name, found in schema["$defs"]["Sections"]["properties"].items():
        reference = next(iter(_references(found)))
        rows = _fields(schema, reference)
        parts += [f"## `{name}`", _table(row for row in rows if row[0] not in EVERYWHERE)]
    return "\n\n".join(parts) + "\n"


def _table(rows: Iterable[tuple[str, str, str, str]]) -> str:
    lines = ["| field | kind | unit | meaning |", "|---|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{row[0]}` | {row[1]} | {row[2]} | {row[3]} |" for row in rows)]
    )


def _fields(
    schema: dict[str, Any],
    record: str,
    prefix: str = "",
    *,
    deep: bool = True,
    seen: tuple[str, ...] = (),
) -> Iterator[tuple[str, str, str, str]]:
    """Path, kind, unit and meaning of each field of a record, and of those inside it."""
    for name, field in schema["$defs"][record].get("properties", {}).items():
        path = f"{prefix}{name}"
        inner = [found for found in _references(field) if found not in seen]
        if "description" in field or not inner:
            yield path, field.get(KIND_KEY, ""), unit(field), _meaning(field)
        if deep:
            for reference in inner:
                below = (
                    f"{path}.NAME." if "additionalProperties" in json.dumps(field) else f"{path}."
                )
                yield from _fields(schema, reference, below, seen=(*seen, record, reference))


def _references(field: Any) -> Iterator[str]:
    """Names of the records that a field holds."""
    if isinstance(field, dict):
        if "$ref" in field:
            yield field["$ref"].rpartition("/")[2]
        for value in field.values():
            yield from _references(value)
    elif isinstance(field, list):
        for value in field:
            yield from _references(value)


def unit(field: dict[str, Any]) -> str:
    """The unit of a number, from its description; a plain number counts something."""
    numbers = {"integer", "number"}
    types = {field.get("type"), *(item.get("type") for item in field.get("anyOf", ()))}
    if not numbers & types:
        return "yes or no" if "boolean" in types else ""
    found = UNITS.search(field.get("description", ""))
    return found.group().lower().replace("mhz", "MHz") if found else "number"


def _meaning(field: dict[str, Any]) -> str:
    since = f" (since {field[SINCE_KEY]})" if SINCE_KEY in field else ""
    return (field.get("description", "").replace("|", "\\|").replace("\n", " ") + since).strip()
