"""Reads what the user names: a regular file, opened once, checked after opening and bounded."""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

from envsnap.errors import InputError
from envsnap.model import scan

# What every manifest, and every output of the probe, holds near its beginning.
MANIFEST_MARK = b'"schema_version"'
BEGIN, BEGINNING = b"-begin", 1 << 20
PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what a shell puts for <(command)
UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


def contents(path: str, name: str) -> bytes:
    """Read a regular file that is opened once and checked after opening, or a shell's `<(command)`.

    A manifest or a probe's output that Windows wrote in its encodings is given in UTF-8.
    """
    return plain(raw(path, name))


def raw(path: str, name: str) -> bytes:
    """Read the same as it lies there, whatever its encoding is: what a signature covers."""
    return _read(path, name)


def plain(data: bytes) -> bytes:
    """A manifest or a probe's output in UTF-8; anything else as it is."""
    if data.startswith(UTF8_MARK) and _is_ours(data):
        return data[len(UTF8_MARK) :]
    if not data.startswith(UTF16_MARKS):
        return data
    try:
        found = data.decode("utf-16").encode()
    except UnicodeError:
        return data
    return found if _is_ours(found) else data


def is_manifest(data: bytes) -> bool:
    """Whether bytes begin as a manifest does, and not as an archive in which one is stored."""
    return MANIFEST_MARK in data[:200] and not data.startswith(b"PK")


def _is_ours(data: bytes) -> bool:
    return is_manifest(data) or data.find(BEGIN, 0, BEGINNING) >= 0


def _read(path: str, name: str) -> bytes:
    if path == "-":
        return _bounded(sys.stdin.buffer, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    try:
        status = os.fstat(descriptor)
        if is_handed_over(status, path):
            os.set_blocking(descriptor, True)
        else:
            _require_regular(status, name)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return _bounded(stream, name)
    finally:
        os.close(descriptor)


def is_handed_over(status: os.stat_result, path: str) -> bool:
    """Whether a file is a pipe that a shell filled for `<(command)`: its end is sure to come."""
    return stat.S_ISFIFO(status.st_mode) and path.startswith(PIPES)


def _require_regular(status: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        scan.refuse(name, "is a folder; name a manifest file")
    if not stat.S_ISREG(status.st_mode):
        scan.refuse(name, "is not a regular file; pipe it in and name it -")
    if status.st_size > scan.LARGEST_FILE:
        scan.refuse(name, f"larger than {scan.LARGEST_FILE >> 20} MiB; that is no manifest")


def _bounded(stream: BinaryIO, name: str) -> bytes:
    data = stream.read(scan.LARGEST_FILE + 1)
    if len(data) > scan.LARGEST_FILE:
        scan.refuse(name, f"larger than {scan.LARGEST_FILE >> 20} MiB; that is no manifest")
    return data
