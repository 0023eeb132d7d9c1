"""Foreign files as manifests, with a note that says what was read and what was not."""

from __future__ import annotations

import os
import re

from envsnap.errors import InputError
from envsnap.intake import documents
from envsnap.intake.contents import contents
from envsnap.intake.formats import refusal, registry
from envsnap.intake.formats.source import Beside, Source
from envsnap.model import codec

# A list in brackets, and no heading such as [server].
BEGINS_AS_JSON = re.compile(
    r"\s*(?:\{|\[\s*(?:[\"\[\]{]|-?\d[\d.eE+-]*\s*[,\]\n]|true\b|false\b|null\b|$))"
)


def load(data: bytes, name: str, path: str) -> codec.Document:
    """Read a foreign file; what is none, and is JSON, is the codec's to judge.

    Raises InputError that says what the file looks like and what to do.
    """
    beside = None if path == "-" else _beside(os.path.dirname(path))
    source = Source(data, name, os.path.basename(path), beside=beside)
    draft = registry.read(source)
    if draft is not None:
        return documents.document(draft, name, os.path.basename(path))
    from envsnap.intake import folders

    found = folders.archive(data, name, os.path.basename(path))
    if found is not None:
        return found
    tree = source.json
    is_json = BEGINS_AS_JSON.match(source.text) is not None
    broken = is_json and tree is None and refusal.look(source) is None
    if broken or (isinstance(tree, dict) and "schema_version" in tree):
        return codec.decode(data, name)
    raise registry.refuse(source)


def _beside(folder: str) -> Beside:
    """Reads files that a file names relative to itself; nothing by an absolute path."""

    def read(path: str) -> bytes | None:
        if not path or "://" in path or os.path.isabs(path) or path.startswith(("~", "-")):
            return None
        try:
            return contents(os.path.join(folder, path), path)
        except InputError:
            return None

    return read
