"""Which weight files were hashed before: kept under the user's cache folder, by file identity."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import Any

MOST_KEPT = 2_000  # all of it is read by each capture that meets weights
LARGEST = 64 << 20
NAME = "weights-sha256-v2.json"


def path() -> Path:
    """Where the cache lies."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "envsnap" / NAME


def load() -> dict[str, Any]:
    """Return what is known; a cache that is missing, damaged or not ours alone knows nothing."""
    try:
        known = json.loads(_contents())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {key: value for key, value in known.items() if _is_result(value, key)}


def _contents() -> bytes:
    """Read the cache; raises OSError where somebody else could have written it."""
    descriptor = os.open(path(), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
            raise OSError("no cache of ours")
        if facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
            raise OSError("somebody else may have written it")
        return stream.read(LARGEST)


def _is_result(value: object, key: str) -> bool:
    """Tell whether this can be what a hashing gave, of a file of the size that the key names."""
    if not (isinstance(value, dict) and isinstance(value.get("size"), int)):
        return False
    digest = value.get("sha256")
    named = key.split(":")
    return (
        isinstance(digest, str)
        and re.fullmatch(r"[0-9a-f]{64}", digest) is not None
        and len(named) == 5
        and named[2] == str(value["size"])
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
