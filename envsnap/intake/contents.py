"""Reads what the user names: a regular file, opened once, checked after opening and bounded."""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

from envsnap.errors import InputError
from envsnap.model import scan


def contents(path: str, name: str) -> bytes:
    """Read a regular file that is opened once and checked after opening."""
    if path == "-":
        return _bounded(sys.stdin.buffer, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    try:
        _require_regular(os.fstat(descriptor), name)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return _bounded(stream, name)
    finally:
        os.close(descriptor)


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
