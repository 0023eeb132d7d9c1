"""Reads whatever the user names as a manifest; the content decides what it is, not the name."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from envsnap.errors import InputError
from envsnap.intake.contents import BEGIN, BEGINNING, contents, is_manifest
from envsnap.model import codec
from envsnap.model.manifest import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envsnap.intake import facts

# What every output of the probe holds near its beginning, maybe after other programs' noise.
FACTS_MARK = re.compile(
    rb"^(?:[^\n\"{]{0,160}?[ \t:|>\]])?(?:envsnap:[0-9a-f]{8}-)?envsnap-[0-9a-f]{8,64}-begin[ \t\r]{0,4}$",
    re.MULTILINE,
)


def load(path: str) -> codec.Document:
    """Read a manifest, a probe's facts, or a foreign report; `-` is standard input.

    Raises InputError.
    """
    name = "standard input" if path == "-" else path
    if path != "-" and os.path.isdir(path):
        from envsnap.intake import folders

        return folders.load(path)
    data = contents(path, name)
    if _holds_facts(data):
        from envsnap.intake import facts

        return _of_facts(facts.parse(data, name), path, name)
    # A manifest's beginning is tested first: reading a document twice would cost time.
    if is_manifest(data):
        return codec.decode(data, name)
    from envsnap.intake import foreign

    return foreign.load(data, name, path)


def documents(data: bytes, path: str, name: str) -> Iterator[codec.Document]:
    """Every host of a file's contents; a stream of probes may hold several.

    Raises InputError, of a stream after the answers that can be read.
    """
    if _holds_facts(data):
        from envsnap.intake import facts

        found, refused = facts.parse_several(data, name)
        for messages in found:
            yield _of_facts(messages, path, name)
        if refused:
            why = str(refused[0]).removeprefix(f"{name}: ")
            total = len(found) + len(refused)
            raise InputError(f"{name}: {len(refused)} of {total} answers in it: {why}")
    elif is_manifest(data):
        yield codec.decode(data, name)
    else:
        from envsnap.intake import foreign

        yield foreign.load(data, name, path)


def _holds_facts(data: bytes) -> bool:
    """Whether the probe wrote this; its word is looked for first, which takes a twentieth of the time."""
    is_there = data.find(BEGIN, 0, BEGINNING) >= 0
    return is_there and FACTS_MARK.search(data, 0, BEGINNING) is not None


def _of_facts(messages: facts.Messages, path: str, name: str) -> codec.Document:
    from envsnap.intake import facts

    target = Target(kind="file", name=os.path.basename(path))
    return codec.Document(facts.to_manifest(messages, target, None, {}, name))


def load_unchecked(path: str) -> codec.Document:
    """Read a manifest that may have been edited, to seal it anew. Raises InputError."""
    name = "standard input" if path == "-" else path
    return codec.decode_unchecked(contents(path, name), name)
