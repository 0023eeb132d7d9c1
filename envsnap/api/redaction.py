"""The key by which values that were left out can be compared, and never read."""

from __future__ import annotations

import os
import re
import stat

from envsnap.errors import InputError

MARK = "envsnap-redaction-key-1:"
KEY = re.compile(re.escape(MARK) + r"([0-9a-f]{64})")
LARGEST_FILE = 4096


def new_redaction_key(path: str) -> None:
    """Write a new random key to a file that nobody else can read. Raises InputError."""
    from envsnap.model import storage

    if os.path.lexists(path):
        raise InputError(
            f"{path}: already exists, and is not overwritten: a lost key cannot be made again"
        )
    storage.write_atomically(path, f"{MARK}{os.urandom(32).hex()}\n".encode(), 0o600)


def load_redaction_key(named: str) -> bytes:
    """Read a redaction key from a file, or from its own text, as an environment variable holds it.

    Raises InputError, which never quotes what was read.
    """
    match = KEY.fullmatch(named.strip())
    if match is None and named.startswith(MARK):
        raise InputError("the redaction key is damaged; make one with capture --new-redaction-key")
    if match is None:
        match = KEY.fullmatch(_contents(named).strip())
    if match is None:
        raise InputError(f"{named}: holds no redaction key; make one with --new-redaction-key FILE")
    return bytes.fromhex(match.group(1))


def _contents(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"{path}: is no regular file")
            return stream.read(LARGEST_FILE).decode("ascii", "replace")
    except OSError as error:
        is_path = os.sep in path or os.path.splitext(path)[1] != ""
        shown = (
            path if is_path else "the redaction key (what was given may be one, and is not shown)"
        )
        raise InputError(f"{shown}: {error.strerror or error}") from None
