"""Config files: their digest, and their text without secrets. The host parses them."""

import hashlib
import os
import stat

from ..record import Record, key_text, native, reason, shown
from ..secrets import clean_text

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


def collect(record: Record, files: list) -> None:
    """Fill the `configs` section; `files` holds (name, path) pairs."""
    entries = record.facts["entries"] = {}
    for name, path in files:
        part = Record(record.gaps, key_text(name) + ".")
        entries[name] = part.facts
        part.facts["path"] = path
        try:
            _read(part, native(path))
        except (OSError, ValueError) as error:
            part.gap("sha256", reason(error))


def _read(part: Record, path: str) -> None:
    data = read_regular(path, LARGEST_PARSED + 1)
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
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        part.gap("tree", "error: not UTF-8 text; compared by digest only")
        return
    part.facts["text"] = clean_text(text)


def read_regular(path: str, limit: int) -> bytes:
    """Read a regular file that is opened once and checked after opening.

    Raises ValueError for a device, a pipe or a folder, and OSError as `open` does.
    """
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("not a regular file")
        return stream.read(limit)
