"""Reads whatever the user names as a manifest; the content decides what it is, not the name."""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO

from envsnap.errors import InputError
from envsnap.model import codec, scan
from envsnap.model.manifest import Target

# What every output of the probe holds near its beginning, maybe after other programs' noise.
MANIFEST_MARK = b'"schema_version"'
FACTS_MARK = b"-begin\nfacts {"


def load(path: str) -> codec.Document:
    """Read a manifest, a probe's facts, or a foreign report; `-` is standard input.

    Raises InputError.
    """
    name = "standard input" if path == "-" else path
    data = contents(path, name)
    if FACTS_MARK in data[: 1 << 20]:
        from envsnap.intake import facts

        messages = facts.parse(data, name)
        target = Target(kind="file", name=os.path.basename(path))
        return codec.Document(facts.to_manifest(messages, target, None, {}, name))
    # A manifest's beginning is tested first: reading a document twice would cost time.
    if MANIFEST_MARK not in data[:200]:
        found = _report(data, name, os.path.basename(path))
        if found is not None:
            return found
    return codec.decode(data, name)


def _report(data: bytes, name: str, base: str) -> codec.Document | None:
    """Read a foreign report, if it is one, and say what was read."""
    from envsnap.intake import facts, reports

    found = reports.read(data, name)
    if found is None:
        return None
    kind, sections = found
    messages = facts.Messages({"probe": 1, "sections": sections})
    manifest = facts.to_manifest(messages, Target(kind="report", name=base), None, {}, name)
    gaps = [path for section in sections.values() for path in section["gaps"]]
    counted = sum(len(section["facts"].get("entries", {})) for section in sections.values())
    note = f"{name}: read as the output of {kind}; {counted} packages, GPUs and variables"
    if gaps:
        note += f"; it does not state {', '.join(gaps[:5])}"
    return codec.Document(manifest, notes=(note,))


def load_unchecked(path: str) -> codec.Document:
    """Read a manifest that may have been edited, to seal it anew. Raises InputError."""
    name = "standard input" if path == "-" else path
    return codec.decode_unchecked(contents(path, name), name)


def load_text(path: str) -> str:
    """Read an error text or a log; `-` is standard input. Raises InputError.

    Bytes that are no UTF-8 are replaced: a log of another encoding is still readable.
    """
    return contents(path, "standard input" if path == "-" else path).decode("utf-8", "replace")


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
