"""Digests of sections and of whole manifests.

A section's digest is SHA-256 over the canonical JSON (sorted keys, no blanks, ASCII) of its
portable and host facts, so that two captures of one unchanged environment have equal digests
wherever and whenever they were made. The fingerprint is SHA-256 over the sections' digests.
"""

import contextlib
import json
from importlib import import_module
from typing import Any

from msgspec import UNSET, Struct

from envsnap.model.fields import COMPARED, Section, plan
from envsnap.model.manifest import Sections, present

_NAMES: dict[type[Struct], tuple[str, ...]] = {}
OWN = ("_sha2", "_sha256")  # of Python 3.12 and newer, of 3.11
SMALL = 1 << 18
SCALARS = (str, int, float, bool, type(None))


def comparable(record: Struct) -> dict[str, Any]:
    """Return the portable and host facts of a record as plain data."""
    kind = type(record)
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in plan(kind) if field.kind in COMPARED)
    facts: dict[str, Any] = {}
    for name in _NAMES[kind]:
        value = getattr(record, name)
        if value is not UNSET:
            facts[name] = value if isinstance(value, SCALARS) else _plain(value)
    return facts


def _plain(value: Any) -> Any:
    """Records inside maps and lists lose what is not compared; everything else is plain already."""
    if isinstance(value, Struct):
        return comparable(value)
    if isinstance(value, dict):
        records = any(isinstance(item, Struct) for item in value.values())
        return {key: _plain(item) for key, item in value.items()} if records else value
    if isinstance(value, list | tuple) and any(isinstance(item, Struct) for item in value):
        return [_plain(item) for item in value]
    return value


def section_digest(section: Section) -> str:
    """Digest the facts of one section; an empty one has a digest too."""
    return _sha256(comparable(section))


def fingerprint(sections: Sections) -> str:
    """Digest a manifest's sections by their digests; sections without compared facts count not."""
    return fingerprint_of(
        {
            name: section.digest
            for name, section in present(sections).items()
            if section.digest is not UNSET
        }
    )


def fingerprint_of(digests: dict[str, str]) -> str:
    """Digest the digests of sections by their names."""
    return _sha256(digests)


def _sha256(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "sha256:" + sha256_of(text.encode("ascii"))


def sha256_of(data: bytes) -> str:
    """SHA-256 in hexadecimal digits, by Python's own module where that is quicker: OpenSSL is long to load."""
    if len(data) <= SMALL:
        for name in OWN:
            with contextlib.suppress(ImportError):
                digest: str = import_module(name).sha256(data).hexdigest()
                return digest
    import hashlib

    return hashlib.sha256(data).hexdigest()
