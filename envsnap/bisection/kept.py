"""A proven result as a case of `benchmarks.root_cause`: facts only, as the manifests state them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from envsnap.bisection.result import PROVEN, Bisection, Difference
from envsnap.errors import InputError
from envsnap.model import storage
from envsnap.model.manifest import Manifest

LONGEST_TEXT = 2000
SECTIONS = {"package": "packages", "variable": "env_vars"}


def case(found: Bisection, good: Manifest, bad: Manifest) -> dict[str, Any]:
    """The case: both sides' varied facts, the culprits, and what was cleared.

    Raises InputError for a result that proves nothing, or nothing that a case can state.
    """
    culprits, stated = _proven(found)
    keys = [item.path for item in culprits]
    identity = json.dumps([found.good.fingerprint, found.bad.fingerprint, keys])
    return {
        "id": f"bisect-{hashlib.sha256(identity.encode()).hexdigest()[:12]}",
        "kind": "pair",
        "url": None,
        "error_text": _said(found),
        "env_a": _side(stated, good, bad=False),
        "env_b": _side(stated, bad, bad=True),
        "confidence": "high",
        "confirmation_type": "experiment",
        "differing_keys": sorted(item.path for item in stated),
        "distractor_keys": sorted({item.path for item in stated} - _named(found)),
        "culprit": {
            "topic": "bisect",
            "key": keys[0],
            "acceptable_keys": keys,
            "in_stated_facts": True,
        },
    }


def _proven(found: Bisection) -> tuple[list[Difference], list[Difference]]:
    """The culprits, and all differences that a case can state. Raises InputError."""
    if found.outcome != PROVEN:
        raise InputError("--keep-case: nothing was proven, so there is no case to keep")
    culprits = [item for cause in found.causes for item in cause.culprits]
    stated = [item for item in found.atoms if item.kind in SECTIONS]
    if not all(item in stated for item in culprits):
        raise InputError("--keep-case: a case states distributions and variables only")
    return culprits, stated


def _named(found: Bisection) -> set[str]:
    """What is not cleared: culprits, companions, and what had to be undone with them."""
    named = {item.path for item in found.needed}
    for cause in found.causes:
        named |= {item.path for item in (*cause.culprits, *cause.companions)}
    return named


def _said(found: Bisection) -> str:
    """The end of what the bad side printed when it failed."""
    said = found.bad_end.stderr if found.bad_end is not None else ""
    return said[-LONGEST_TEXT:] or "(silent)"


def _side(stated: list[Difference], manifest: Manifest, *, bad: bool) -> dict[str, Any]:
    """One environment: its Python, and its side of every difference that was varied."""
    found: dict[str, Any] = {}
    version = getattr(manifest.sections.python, "version", None)
    if isinstance(version, str):
        found["python"] = {"version": version}
    for item in stated:
        value = item.bad if bad else item.good
        if value is not None:
            section = SECTIONS[item.kind]
            name = _name(item.path, section)
            found.setdefault(section, {})[name] = value
    return found


def _name(path: str, section: str) -> str:
    """The last key of a path in text."""
    inner = path.removeprefix(section)
    return inner[1:] if inner.startswith(".") else str(json.loads(inner[1:-1]))


def _is_case(line: str) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and "id" in found


def write(found: Bisection, good: Manifest, bad: Manifest, path: str) -> None:
    """Append the case to a file of cases, a line each; one that is there is written anew."""
    made = case(found, good, bad)
    lines = []
    try:
        with open(path, encoding="utf-8") as stream:
            lines = [line for line in stream.read().splitlines() if line.strip()]
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no file of cases: {error}") from None
    if not all(_is_case(line) for line in lines):
        raise InputError(f"{path}: is no file of cases (a JSON object a line); name another")
    mark = json.dumps({"id": made["id"]})[1:-1]
    kept = [line for line in lines if mark not in line]
    data = "".join(f"{line}\n" for line in [*kept, json.dumps(made)])
    storage.write_atomically(path, data.encode("utf-8"), 0o600)
