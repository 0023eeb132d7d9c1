"""The sealed manifest of what a format found."""

from __future__ import annotations

import msgspec

from envsnap._version import __version__
from envsnap.errors import InputError
from envsnap.intake.formats import message
from envsnap.intake.formats.draft import Draft
from envsnap.model import codec, typed
from envsnap.model.manifest import SCHEMA_REVISION, SCHEMA_VERSION, Manifest, Sections, Target


def document(draft: Draft, name: str, base: str) -> codec.Document:
    """A sealed manifest of what a format found."""
    try:
        sections = draft.sections()
        # What a format took from a parsed tree is of the model's types, or it is refused.
        sections = typed.convert(msgspec.to_builtins(sections), Sections)
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
    notes = (message.note(name, draft, sections),)
    return codec.Document(codec.sealed(manifest), notes=notes, unread=draft.unread)
