"""JSON Schemas (2020-12) of what envsnap writes, generated from the records."""

from __future__ import annotations

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
    schema = msgspec.json.schema(record)
    return {"$schema": DIALECT, "$id": f"urn:envsnap:schema:{name}", **schema}


def render(schema: dict[str, Any]) -> str:
    """Write a schema as it is checked in."""
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"
