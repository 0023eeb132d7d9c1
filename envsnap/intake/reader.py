"""Reads whatever the user names as a manifest; the content decides what it is, not the name."""

from __future__ import annotations

import os
import re
import stat
import sys
from typing import TYPE_CHECKING, BinaryIO

from envsnap.errors import InputError
from envsnap.model import codec, scan
from envsnap.model.manifest import Target

if TYPE_CHECKING:
    from envsnap.intake import facts

# What every output of the probe holds near its beginning, maybe after other programs' noise.
MANIFEST_MARK = b'"schema_version"'
FACTS_MARK = re.compile(
    rb"^(?:[ \t]{0,8}\d{1,7}: )?(?:envsnap:[0-9a-f]{8}-)?envsnap-[0-9a-f]{8,64}-begin[ \t\r]{0,4}$",
    re.MULTILINE,
)


def load(path: str) -> codec.Document:
    """Read a manifest, a probe's facts, or a foreign report; `-` is standard input.

    Raises InputError.
    """
    name = "standard input" if path == "-" else path
    if path != "-" and os.path.isdir(path):
        from envsnap.intake import folders

        return folders.load(path)
    data = contents(path, name)
    if FACTS_MARK.search(data, 0, 1 << 20):
        from envsnap.intake import facts

        return _of_facts(facts.parse(data, name), path, name)
    # A manifest's beginning is tested first: reading a document twice would cost time.
    if MANIFEST_MARK in data[:200]:
        return codec.decode(data, name)
    from envsnap.intake import foreign

    return foreign.load(data, name, path)


def documents(data: bytes, path: str, name: str) -> list[codec.Document]:
    """Every host of a file's contents; a stream of probes may hold several. Raises InputError."""
    if FACTS_MARK.search(data, 0, 1 << 20):
        from envsnap.intake import facts

        return [_of_facts(found, path, name) for found in facts.parse_several(data, name)]
    if MANIFEST_MARK in data[:200]:
        return [codec.decode(data, name)]
    from envsnap.intake import foreign

    return [foreign.load(data, name, path)]


def _of_facts(messages: facts.Messages, path: str, name: str) -> codec.Document:
    from envsnap.intake import facts

    target = Target(kind="file", name=os.path.basename(path))
    return codec.Document(facts.to_manifest(messages, target, None, {}, name))


def load_unchecked(path: str) -> codec.Document:
    """Read a manifest that may have been edited, to seal it anew. Raises InputError."""
    name = "standard input" if path == "-" else path
    return codec.decode_unchecked(contents(path, name), name)


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
