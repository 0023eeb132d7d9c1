"""Writes files so that a reader sees the old one or the new one, never half of one."""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from envsnap.errors import InputError


def write_atomically(path: str, data: bytes, mode: int) -> None:
    """Write a whole file; see `opened_atomically`."""
    with opened_atomically(path, mode) as stream:
        stream.write(data)


_NAMED: list[str] = []


def keep(words: Sequence[str]) -> None:
    """Let no output take the place of a file that these words of a command name besides it."""
    _NAMED[:] = words


def _is_named_twice(existing: os.stat_result) -> bool:
    """Whether two words name a file: one of them is the output, the other reads it."""
    place = existing.st_dev, existing.st_ino
    return sum(any(map(place.__eq__, _places(word))) for word in _NAMED) > 1


def _places(word: str) -> Iterator[tuple[int, int]]:
    """The files that a word may name: FILE, --option=FILE, NAME=FILE, NAME=FILE:FILE, -oFILE."""
    parts = {word, word.partition("=")[2], word[2:] if word.startswith("-") else ""}
    parts |= {piece for part in parts for piece in part.split(":")}
    for part in filter(None, parts):
        with contextlib.suppress(OSError, ValueError):
            facts = os.stat(part)
            yield facts.st_dev, facts.st_ino


def require_place(path: str) -> None:
    """Refuse a path that cannot become a file of ours: a link, a folder, one in no folder."""
    try:
        existing = os.lstat(path)
    except FileNotFoundError:
        existing = None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if existing is not None and not stat.S_ISREG(existing.st_mode):
        kind = "a link" if stat.S_ISLNK(existing.st_mode) else "not a regular file"
        raise InputError(f"{path}: is {kind}; name another output, or - for standard output")
    if existing is not None and _is_named_twice(existing):
        raise InputError(f"{path}: is named as an input, too; name another output")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise InputError(f"{path}: the folder to write into does not exist")


@contextlib.contextmanager
def opened_atomically(path: str, mode: int) -> Iterator[BinaryIO]:
    """Open a temporary file in the same folder that becomes `path` in the end; never through a link.

    The umask narrows `mode`, as for every file.

    Raises InputError where the folder is missing or closed, or where the path is a link, a
    folder or a device.
    """
    require_place(path)
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror}") from None
        raise


def below(path: str, folder: str) -> str | None:
    """A path relative to a folder, with slashes; None where it does not lie below it."""
    path, folder = os.path.abspath(path), os.path.abspath(folder)
    try:
        inside = os.path.commonpath([path, folder]) == folder
    except ValueError:  # two drives
        return None
    return os.path.relpath(path, folder).replace(os.sep, "/") if inside else None
