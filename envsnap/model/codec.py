"""Reads and writes manifests; nothing else does."""

import json
from typing import Any

import msgspec

from envsnap.errors import InputError
from envsnap.model import scan, typed
from envsnap.model.json_text import indented
from envsnap.model.manifest import SCHEMA_REVISION, SCHEMA_VERSION, Manifest, present

# What names this machine, and what is only wanted, is no part of what an environment is.
UNDIGESTED = ("identity", "wanted")


class Document(msgspec.Struct, frozen=True):
    """A manifest as it was read.

    `unknown` holds the keys that this version does not know, in their places, so that writing
    the document again loses none. `notes` are for the reader: what a foreign report was read as.
    `is_checked` tells whether its digests were held against its facts: nothing is proven or
    signed by a document whose digests were not. `unread` names what may hold facts of a foreign
    report, and was not read.
    """

    manifest: Manifest
    unknown: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    is_checked: bool = True
    unread: tuple[str, ...] = ()


def decode(data: bytes, name: str) -> Document:
    """Read a manifest whose digests fit its facts; those of a newer revision are not checked.

    Raises InputError in one line that starts with `name` and tells the place.
    """
    found = decode_unchecked(data, name)
    if found.manifest.schema_revision > SCHEMA_REVISION:
        note = (
            f"{name}: written by a newer envsnap (schema revision"
            f" {found.manifest.schema_revision}, here {SCHEMA_REVISION}): its digests are not "
            f"checked"
        )
        return msgspec.structs.replace(found, notes=(note,), is_checked=False)
    _require_intact(found.manifest, name)
    if found.manifest.sealed is not msgspec.UNSET:
        note = f"{name}: edited after capture, and sealed on {found.manifest.sealed}"
        return msgspec.structs.replace(found, notes=(note,))
    return found


def decode_unchecked(data: bytes, name: str) -> Document:
    """Read a manifest that may have been edited, to seal it anew. Raises InputError."""
    tree = scan.parse(data, name)
    if not isinstance(tree, dict) or "schema_version" not in tree or "sections" not in tree:
        raise InputError(f"{name}: not an envsnap manifest ({_describe(tree)})")
    version = tree["schema_version"]
    if type(version) is not int or version < 1:
        raise InputError(f"{name}: schema_version must be a positive integer, at $.schema_version")
    if version > SCHEMA_VERSION:
        raise InputError(
            f"{name}: schema version {version} is newer than this envsnap reads"
            f" ({SCHEMA_VERSION}); update envsnap here, or capture again with this version"
        )
    try:
        manifest = typed.convert(tree, Manifest)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {_one_line(error)}") from None
    return Document(manifest, _unknown(tree, msgspec.to_builtins(manifest)))


def _require_intact(manifest: Manifest, name: str) -> None:
    """Hold the recorded digests against the facts as they are written."""
    from envsnap.model.digests import fingerprint, section_digest

    place = next(
        (
            f"section {section_name}"
            for section_name, section in present(manifest.sections).items()
            if section_name not in UNDIGESTED and section.digest != section_digest(section)
        ),
        None,
    )
    if place is None and manifest.fingerprint != fingerprint(manifest.sections):
        place = "the fingerprint"
    if place is not None:
        raise InputError(
            f"{name}: {place} does not match its digest: the file was altered after capture; "
            f"capture"
            " again, or, if you edited it by hand, seal it: envsnap capture --seal FILE -o FILE"
        )


def _describe(tree: object) -> str:
    if isinstance(tree, dict):
        keys = ", ".join(sorted(json.dumps(key) for key in tree)[:3])
        return f"a JSON object with {keys}" if keys else "an empty JSON object"
    if tree is None:
        return "it holds null"
    return f"it holds a JSON {'array' if isinstance(tree, list) else type(tree).__name__}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _unknown(tree: Any, known: Any) -> dict[str, Any]:
    """Return what `tree` has and `known` has not, keeping the places."""
    rest: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in known:
            if value not in ({}, None):  # a default that is not written
                rest[key] = value
        elif isinstance(value, dict) and isinstance(known[key], dict):
            inner = _unknown(value, known[key])
            if inner:
                rest[key] = inner
    return rest


def encode(manifest: Manifest, unknown: dict[str, Any] | None = None) -> bytes:
    """Write a manifest as indented ASCII JSON that ends with a newline."""
    if not unknown:
        return (indented(manifest) + "\n").encode("ascii")
    tree = msgspec.to_builtins(manifest)
    _merge(tree, unknown)
    return (indented(tree) + "\n").encode("ascii")


def _merge(tree: dict[str, Any], rest: dict[str, Any]) -> None:
    for key, value in rest.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree.setdefault(key, value)


def sealed(manifest: Manifest) -> Manifest:
    """Return the manifest with its sections' digests and its fingerprint filled in."""
    from envsnap.model.digests import fingerprint, section_digest

    digested = {
        name: msgspec.structs.replace(section, digest=section_digest(section))
        for name, section in present(manifest.sections).items()
        if name not in UNDIGESTED
    }
    sections = msgspec.structs.replace(manifest.sections, **digested)
    return msgspec.structs.replace(manifest, sections=sections, fingerprint=fingerprint(sections))


def resealed(manifest: Manifest, now: str) -> Manifest:
    """Seal a manifest that was cut or edited by hand, and say in it that it was, and when."""
    return msgspec.structs.replace(sealed(manifest), sealed=now)
