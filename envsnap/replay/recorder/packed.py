"""What an archive holds: its own stamps of time are of the run, and say nothing of its results."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
TAR, AT = b"ustar", 257
LARGEST = 256 << 20  # unpacked
PIECE = 1 << 20


def content(path: str, start: bytes) -> str | None:
    """A digest of the names and contents in a ZIP, gzip or tar file; None for any other file.

    `start` is how the file begins. What is larger than 256 MiB unpacked, or damaged, has none.
    """
    is_tar = start[AT : AT + len(TAR)] == TAR
    if not (is_tar or start.startswith((ZIP, GZIP))):
        return None
    digest = hashlib.sha256()
    try:
        for line in _of_zip(path) if start.startswith(ZIP) else _of_stream(path, is_tar=is_tar):
            digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError, zipfile.BadZipFile):
        return None
    return digest.hexdigest()


def _of_zip(path: str) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        for item in sorted(archive.infolist(), key=lambda item: item.filename):
            yield f"{item.filename} {item.file_size} {item.CRC:08x}"


def _of_stream(path: str, *, is_tar: bool) -> Iterator[str]:
    """The members of a tar file, or the content of a gzip file that holds none."""
    if is_tar or _holds_tar(path):
        with tarfile.open(path) as archive:
            for item in archive:
                stream = archive.extractfile(item) if item.isfile() else None
                told = "" if stream is None else _digest(stream)
                kind = item.type.decode("ascii", "replace")
                yield f"{item.name} {kind} {item.mode:o} {item.linkname} {told}"
        return
    with gzip.open(path) as plain:
        yield _digest(plain)


def _holds_tar(path: str) -> bool:
    with gzip.open(path) as plain:
        return plain.read(AT + len(TAR))[AT:] == TAR


def _digest(stream: IO[bytes] | gzip.GzipFile) -> str:
    """Raises ValueError for what is too large."""
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(PIECE):
        digest.update(piece)
        size += len(piece)
        if size > LARGEST:
            raise ValueError("too large")
    return digest.hexdigest()
