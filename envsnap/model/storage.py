"""Writes files so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import stat

from envsnap.errors import InputError


def write_atomically(path: str, data: bytes, mode: int) -> None:
    """Write through a temporary file in the same folder; never through a link.

    Raises InputError where the folder is missing or closed, or where the path is a link, a
    folder or a device.
    """
    try:
        existing = os.lstat(path)
    except FileNotFoundError:
        existing = None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if existing is not None and not stat.S_ISREG(existing.st_mode):
        kind = "a link" if stat.S_ISLNK(existing.st_mode) else "not a regular file"
        raise InputError(f"{path}: is {kind}; name another output, or - for standard output")
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
