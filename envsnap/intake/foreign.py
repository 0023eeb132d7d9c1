"""Foreign files as manifests, with a note that says what was read and what was not."""

from __future__ import annotations

import os

import msgspec

from envsnap._version import __version__
from envsnap.errors import InputError
from envsnap.intake.formats import message, refusal, registry
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Beside, Source
from envsnap.model import codec
from envsnap.model.manifest import SCHEMA_REVISION, SCHEMA_VERSION, Manifest, Sections, Target


def load(data: bytes, name: str, path: str) -> codec.Document:
    """Read a foreign file; what is none, and is JSON, is the codec's to judge.

    Raises InputError that says what the file looks like and what to do.
    """
    beside = None if path == "-" else _beside(os.path.dirname(path))
    source = Source(data, name, os.path.basename(path), beside=beside)
    draft = registry.read(source)
    if draft is not None:
        return document(draft, name, os.path.basename(path))
    from envsnap.intake import folders

    found = folders.archive(data, name, os.path.basename(path))
    if found is not None:
        return found
    tree = source.json
    is_json = source.text.lstrip()[:1] in ("{", "[")
    broken = is_json and tree is None and refusal.look(source) is None
    if not data.strip() or broken or (isinstance(tree, dict) and "schema_version" in tree):
        return codec.decode(data, name)
    raise registry.refuse(source)


def document(draft: Draft, name: str, base: str) -> codec.Document:
    """A sealed manifest of what a format found."""
    try:
        sections = draft.sections()
        # What a format took from a parsed tree is of the model's types, or it is refused.
        sections = msgspec.convert(msgspec.to_builtins(sections), Sections)
    except msgspec.ValidationError as error:
        why = " ".join(str(error).split())[:200]
        raise InputError(
            f"{name}: looks like {draft.what}, but holds what that never does: {why}"
        ) from None
    if not message.states_anything(sections):
        left = f" ({', '.join(draft.left)})" if draft.left else ""
        raise InputError(
            f"{name}: {draft.what}, but it states nothing that envsnap reads{left}; name a file of"
            " the environment itself, such as the output of pip freeze"
        )
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        schema_revision=SCHEMA_REVISION,
        envsnap_version=__version__,
        created_at=None,
        label=None,
        target=Target(kind="report", name=base),
        fingerprint="",
        sections=sections,
    )
    return codec.Document(codec.sealed(manifest), notes=(message.note(name, draft, sections),))


def _beside(folder: str) -> Beside:
    """Reads files that a file names relative to itself; nothing by an absolute path."""
    from envsnap.intake import reader

    def read(path: str) -> bytes | None:
        if not path or "://" in path or os.path.isabs(path) or path.startswith(("~", "-")):
            return None
        try:
            return reader.contents(os.path.join(folder, path), path)
        except InputError:
            return None

    return read
