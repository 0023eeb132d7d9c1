"""Config files: their digest, and their text, which the host parses and redacts."""

import hashlib
import os

from ..record import Record, key_text, native, read_bytes, reason, shown

LARGEST_PARSED = 1 << 20
PARSED = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".json": "json",
    ".ini": "ini",
    ".cfg": "ini",
    ".conf": "ini",
    ".env": "env",
}


def collect(record: Record, files: list, travels: bool) -> None:
    """Fill the `configs` section; `files` holds (name, path) pairs.

    The host parses and redacts before anything is written. Where the answer `travels` as a file,
    no text goes along: taking secrets out of a text without parsing it cannot be relied on.
    """
    entries = record.facts["entries"] = {}
    for name, path in files:
        part = Record(record.gaps, key_text(name) + ".")
        entries[name] = part.facts
        part.facts["path"] = path
        try:
            _read(part, native(path), travels)
        except (OSError, ValueError) as error:
            part.gap("sha256", reason(error))


def _read(part: Record, path: str, travels: bool) -> None:
    data = read_bytes(path, LARGEST_PARSED + 1)
    resolved = os.path.realpath(path)
    if resolved != os.path.abspath(path):
        part.facts["resolved"] = shown(resolved)
    if len(data) > LARGEST_PARSED:
        raise ValueError("larger than 1 MiB; it looks like data, not like a config file")
    part.facts["sha256"] = hashlib.sha256(data).hexdigest()
    part.facts["size"] = len(data)
    base = os.path.basename(path)
    kind = PARSED.get(os.path.splitext(base)[1].lower())
    if base == ".env" or base.startswith(".env."):
        kind = "env"
    if kind is None:
        return
    part.facts["format"] = kind
    if travels:
        part.gap("tree", "not asked: values of config files do not travel in a facts file")
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        part.gap("tree", "error: not UTF-8 text; compared by digest only")
        return
    if (
        kind == "ini" and text.lstrip()[:1] == "{"
    ):  # of a dictionary whatever the name's ending says
        part.facts["format"] = "json"
    part.facts["text"] = text
