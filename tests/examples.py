"""Manifests for tests, made through intake from facts like those that the probe prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envsnap.intake import facts
from envsnap.model.manifest import Manifest, Target

CREATED = 1_700_000_000


def manifest(
    sections: dict[str, dict[str, Any]],
    *,
    label: str | None = None,
    partial: tuple[str, ...] = (),
    gaps: dict[str, dict[str, str]] | None = None,
    seeds: dict[str, str] | None = None,
    kind: str = "interpreter",
) -> Manifest:
    """Build a sealed manifest from sections of facts; `partial` names the incomplete ones."""
    message = {
        name: {"complete": name not in partial, "gaps": (gaps or {}).get(name, {}), "facts": known}
        for name, known in sections.items()
    }
    messages = facts.Messages({"probe": 1, "created_at": CREATED, "sections": message})
    target = Target(kind=kind, name="/usr/bin/python3")
    return facts.to_manifest(messages, target, label, seeds or {}, "example")


def side(folder: Path, name: str, expected: dict[str, Any]) -> Manifest:
    """One side of a rule's case folder; `expected` is what its `expected.json` holds."""
    import json

    return manifest(
        json.loads((folder / f"{name}.json").read_text()),
        partial=tuple(expected.get("partial", {}).get(name, ())),
        gaps=expected.get("gaps", {}).get(name, {}),
        kind=expected.get("kind", "interpreter"),
    )


def config(path: Path, kind: str) -> dict[str, Any]:
    """A config entry as the probe's collector makes it."""
    import hashlib

    data = path.read_bytes()
    return {
        "path": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "format": kind,
        "text": data.decode(),
    }


def packages(**versions: str) -> dict[str, Any]:
    """A packages section with these versions; underscores in names stand for hyphens."""
    return {
        "entries": {
            name.replace("_", "-"): {"version": version, "format": "dist-info"}
            for name, version in versions.items()
        }
    }
