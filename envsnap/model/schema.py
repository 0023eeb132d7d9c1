"""JSON Schemas (2020-12) of what envsnap writes, generated from the records."""

import inspect
import json
from typing import Any

import msgspec

from envsnap.model.manifest import SCHEMA_VERSION, Manifest

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def manifest_schema() -> dict[str, Any]:
    """The schema of manifests."""
    return schema_of(Manifest, f"envsnap-manifest-{SCHEMA_VERSION}")


def schema_of(record: Any, name: str) -> dict[str, Any]:
    """Generate the schema of one record type."""
    schema = _undented(msgspec.json.schema(record))
    return {"$schema": DIALECT, "$id": f"urn:envsnap:schema:{name}", **schema}


def _undented(tree: Any) -> Any:
    """Take the indentation of the source out of descriptions: Python 3.13 does so by itself."""
    if isinstance(tree, dict):
        return {
            key: inspect.cleandoc(value)
            if key == "description" and isinstance(value, str)
            else _undented(value)
            for key, value in tree.items()
        }
    return [_undented(item) for item in tree] if isinstance(tree, list) else tree


def render(schema: dict[str, Any]) -> str:
    """Write a schema as it is checked in."""
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"
