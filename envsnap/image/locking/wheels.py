"""Looks into wheels: which tags a name states, and what its RECORD says, near or far."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from envsnap.image.locking.remote import RemoteFile
from envsnap.targets import wheel_record

LARGEST_RECORD = 64 << 20


class Named:
    """What the name of a wheel's file states."""

    def __init__(self, file: str) -> None:
        """Read a file name; raises ValueError for one that no wheel can have."""
        from packaging.utils import parse_wheel_filename

        name, version, _, tags = parse_wheel_filename(file)
        self.file = file
        self.name = str(name)
        self.version = str(version)
        self.tags = frozenset(map(str, tags))


def expanded(tags: tuple[str, ...]) -> frozenset[str]:
    """Spell out the tags of an installed WHEEL file; some tools compress them there, too."""
    from packaging.tags import parse_tag

    found: set[str] = set()
    for tag in tags:
        try:
            found.update(map(str, parse_tag(tag)))
        except ValueError:
            continue
    return frozenset(found)


def record_digest(where: str, headers: Mapping[str, str] | None = None) -> str | None:
    """Return the digest of a wheel's RECORD as the probe states it of an installation.

    `where` is a path or an address. None for a wheel that has no readable RECORD; raises OSError
    where it cannot be reached.
    """
    with _open(where, headers) as stream:
        try:
            with zipfile.ZipFile(stream) as wheel:
                return _digest(wheel)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError):
            return None


def _digest(wheel: zipfile.ZipFile) -> str | None:
    found = [
        entry
        for entry in wheel.infolist()
        if entry.filename.count("/") == 1 and entry.filename.endswith(".dist-info/RECORD")
    ]
    if len(found) != 1 or found[0].file_size > LARGEST_RECORD:
        return None
    with wheel.open(found[0]) as stream:
        data = stream.read(LARGEST_RECORD)
    return wheel_record.digest(data, found[0].filename.partition("/")[0])


def _open(where: str, headers: Mapping[str, str] | None) -> IO[bytes]:
    parts = urlsplit(where)
    if parts.scheme == "file":
        return open(unquote(parts.path), "rb")
    if parts.scheme in ("http", "https"):
        return io.BufferedReader(RemoteFile(where, headers), 1 << 16)
    return open(where, "rb")


def in_folder(folder: str) -> dict[str, list[tuple[Named, Path]]]:
    """Return the wheels of a folder by the canonical name of their distribution."""
    found: dict[str, list[tuple[Named, Path]]] = {}
    for file in sorted(os.listdir(folder)):
        path = Path(folder, file)
        if not file.endswith(".whl") or not path.is_file():
            continue
        try:
            named = Named(file)
        except ValueError:
            continue
        found.setdefault(named.name, []).append((named, path))
    return found
