"""Which weight files were hashed before: kept under the user's cache folder, by file identity."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

MOST_KEPT = 20_000
NAME = "weights-sha256-v2.json"


def path() -> Path:
    """Where the cache lies."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "envsnap" / NAME


def load() -> dict[str, Any]:
    """Return what is known; a missing or damaged cache knows nothing."""
    try:
        if not path().is_file():
            return {}
        known = json.loads(path().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {key: value for key, value in known.items() if _is_result(value)}


def _is_result(value: object) -> bool:
    """Tell whether this can be what a hashing gave; the cache is a file like any other."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("sha256"), str)
        and isinstance(value.get("size"), int)
    )


def add(fresh: dict[str, Any]) -> None:
    """Remember results; the cache is a convenience, so failing to write it is no failure."""
    if not fresh:
        return
    known = {**load(), **fresh}
    kept = dict(list(known.items())[-MOST_KEPT:])
    with contextlib.suppress(OSError):
        path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=path().parent, delete=False) as stream:
            json.dump(kept, stream)
        os.replace(stream.name, path())
