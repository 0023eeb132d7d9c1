"""Reads and writes `.esr` files: a plain stored zip of JSON, npy and safetensors.

A recording may come from a stranger. It is read within bounds, members are never unpacked to
disk, and what is not exactly as it is written here is refused in one line.
"""

from __future__ import annotations

import array
import json
import math
import os
import stat
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from envsnap.errors import InputError
from envsnap.model import codec, scan, storage, typed
from envsnap.model.manifest import Manifest
from envsnap.replay.esr import first_version, left_out, tables
from envsnap.replay.esr.recording import RECORDING_VERSION, Leaf, Record, Sample, Tensor

RECORD, MANIFEST = "record.json", "manifest.json"
SKETCH, TENSORS = "sketch.npy", "tensors.safetensors"
MEMBERS = (RECORD, MANIFEST, SKETCH, TENSORS)
LARGEST_SKETCH = 1 << 30
LARGEST_DIRECTORY = 4096
MOST_IDS = 20_000
# Types of values that the standard library reads by itself.
ARRAY_CODES = {
    "float32": "f", "float64": "d", "uint8": "B", "int64": "q", "int32": "i", "int16": "h",
    "int8": "b", "bool": "B",
}  # fmt: skip


class Recording(Struct, frozen=True, kw_only=True):
    """A recording that was read. `places` maps stored tensors to their bytes in the file."""

    name: str
    record: Record
    manifest: Manifest | None
    sketches: list[array.array[float]]
    stored: dict[str, tables.Stored]
    values_at: int


def write(
    path: str, record: Record, manifest: Manifest | None, sketches: bytes, values: str | None,
    stored: Mapping[str, tables.Stored],
) -> None:  # fmt: skip
    """Write a recording atomically, readable by its owner only; `values` names a file. Raises InputError."""
    with (
        storage.opened_atomically(path, 0o600) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive,
    ):
        tree = msgspec.to_builtins(record)
        left_out.clean(tree)
        archive.writestr(_member(RECORD), json.dumps(tree))
        if manifest is not None:
            archive.writestr(_member(MANIFEST), codec.encode(manifest))
        archive.writestr(_member(SKETCH), tables.write_sketches(sketches))
        if not stored or values is None:
            return
        with archive.open(_member(TENSORS), "w", force_zip64=True) as member:
            member.write(tables.tensors_header(stored))
            with open(values, "rb") as source:
                while piece := source.read(1 << 22):
                    member.write(piece)


def _member(name: str) -> zipfile.ZipInfo:
    """A member without the time of day, so that equal recordings are equal files."""
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def read(path: str) -> Recording:
    """Read a recording; values of tensors stay in the file. Raises InputError in one line."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        scan.refuse(path, "not a regular file")
    with os.fdopen(descriptor, "rb") as stream:
        try:
            return _read(stream, path)
        except (
            zipfile.BadZipFile, EOFError, NotImplementedError, OverflowError, UnicodeDecodeError
        ) as error:  # fmt: skip
            scan.refuse(path, f"not a recording: {' '.join(str(error).split())[:100]}")


def _read(stream: BinaryIO, path: str) -> Recording:
    _require_small_directory(stream, path)
    with zipfile.ZipFile(stream) as archive:
        members = _members(archive, path)
        record = _record(archive.read(members[RECORD]), f"{path}: {RECORD}")
        manifest = None
        if MANIFEST in members:
            data = archive.read(members[MANIFEST])
            manifest = codec.decode(data, f"{path}: {MANIFEST}").manifest
        sketches = tables.read_sketches(archive.read(members[SKETCH]), f"{path}: {SKETCH}")
        stored: dict[str, tables.Stored] = {}
        values_at = 0
        if TENSORS in members:
            stored, values_at = _stored(stream, archive, members[TENSORS], f"{path}: {TENSORS}")
    found = Recording(
        name=path, record=record, manifest=manifest, sketches=sketches, stored=stored,
        values_at=values_at,
    )  # fmt: skip
    _require_consistent(found)
    return found


def _require_small_directory(stream: BinaryIO, path: str) -> None:
    """Look at the end of the file before zipfile reads as much as it says."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 42))
    tail = stream.read(42)
    if len(tail) < 42 or tail[-22:-18] != b"PK\x05\x06":
        scan.refuse(path, "not a recording (`envsnap record` writes them)")
    directory = int.from_bytes(tail[-10:-6], "little")
    if int.from_bytes(tail[-12:-10], "little") > len(MEMBERS) or directory > LARGEST_DIRECTORY:
        scan.refuse(path, "its zip directory is larger than a recording's")
    if tail[:4] == b"PK\x06\x07":  # the 64-bit kind states its size elsewhere
        stream.seek(min(size, int.from_bytes(tail[8:16], "little")))
        wide = stream.read(56)
        entries, directory = (int.from_bytes(wide[at : at + 8], "little") for at in (32, 40))
        if len(wide) < 56 or entries > len(MEMBERS) or directory > LARGEST_DIRECTORY:
            scan.refuse(path, "its zip directory is larger than a recording's")
    stream.seek(0)


def _members(archive: zipfile.ZipFile, path: str) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        why = _refusal(info, found)
        if why:
            scan.refuse(path, why)
        found[info.filename] = info
    for name in (RECORD, SKETCH):
        if name not in found:
            scan.refuse(path, f"has no {name}")
    end = 0
    for info in sorted(found.values(), key=lambda item: item.header_offset):
        if info.header_offset < end:
            scan.refuse(path, f"{info.filename} overlaps another member")
        end = info.header_offset + info.compress_size
    return found


def _refusal(info: zipfile.ZipInfo, found: Mapping[str, object]) -> str:
    """Why a member cannot be one of a recording, or nothing."""
    name = info.filename
    if name not in MEMBERS:
        return f"holds {name[:60]!r}, which is no part of a recording"
    if name in found:
        return f"holds {name} twice"
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        return f"{name} is compressed or encrypted"
    if info.file_size != info.compress_size:
        return f"{name} states two sizes"
    limit = {SKETCH: LARGEST_SKETCH, TENSORS: info.file_size}.get(name, scan.LARGEST_FILE)
    return f"{name} is larger than {limit >> 20} MiB" if info.file_size > limit else ""


def _record(data: bytes, name: str) -> Record:
    tree = scan.parse(data, name)
    version = tree.get("recording_version") if isinstance(tree, dict) else None
    if type(version) is not int or version < 1:
        scan.refuse(name, "recording_version must be a positive integer")
    if version > RECORDING_VERSION:
        scan.refuse(name, f"version {version} is newer than this envsnap reads; update envsnap")
    if version == 1:
        tree = first_version.upgraded(tree)
    try:
        return typed.convert(tree, Record)
    except msgspec.ValidationError as error:
        scan.refuse(name, " ".join(str(error).split())[:300])


def _stored(
    stream: BinaryIO, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str
) -> tuple[dict[str, tables.Stored], int]:
    with archive.open(info) as member:
        length = tables.header_length(member.read(8), info.file_size, name)
        found = tables.read_header(member.read(length), info.file_size - 8 - length, name)
    stream.seek(info.header_offset + 26)
    local = stream.read(4)
    skipped = int.from_bytes(local[:2], "little") + int.from_bytes(local[2:], "little")
    start = info.header_offset + 30 + skipped
    if start + info.file_size > os.fstat(stream.fileno()).st_size:
        scan.refuse(name, "is cut off")
    return found, start + 8 + length


def _require_consistent(found: Recording) -> None:
    """What the record mentions must be there."""
    record, name = found.record, f"{found.name}: {RECORD}"
    if not all(item.plausible() for item in record.features.values()):
        scan.refuse(name, "holds quantiles that cannot be")
    if any(number >= len(record.tensors) for number in record.numbers()):
        scan.refuse(name, "mentions a tensor that it does not describe")
    named = {item.name for item in record.roots}
    if any(call.root not in named for call in record.calls):
        scan.refuse(name, "mentions a model that it does not describe")
    if any(row >= len(found.sketches) for row in _sketches(record)):
        scan.refuse(name, "mentions a sketch that is not there")
    _require_pictures(record, name)
    _require_stored(found, name)


def _sketches(record: Record) -> Iterator[int]:
    """The numbers of all sketches that a record mentions."""
    pictures = (picture for call in record.calls for picture in call.pictures.values())
    numbers = [item.sketch for item in record.tensors]
    parts = (part for item in record.tensors for part in (item.rest, item.attended))
    numbers += [part.sketch for part in parts if part is not None]
    numbers += [row.sketch for picture in pictures for row in picture.rows]
    yield from (number for number in numbers if number is not None)


def _require_stored(found: Recording, name: str) -> None:
    """Stored values must be those of the tensors that mention them."""
    for item in found.record.tensors:
        if item.stored is None:
            continue
        there = found.stored.get(item.stored)
        if there is None or (there.dtype, there.shape) != (item.dtype, item.shape):
            scan.refuse(name, f"tensor {item.stored[:40]!r} is not stored as it is described")


def _require_pictures(record: Record, name: str) -> None:
    """Axes and channels of pictures must be those of tensors."""
    numbered = {str(number): item for number, item in enumerate(record.tensors)}
    for call in record.calls:
        for key, picture in call.pictures.items():
            tensor = numbered.get(key)
            shape = tensor.shape if tensor is not None else ()
            rank = len(shape)
            if rank not in (3, 4) or picture.axis not in (rank - 3, rank - 1):
                scan.refuse(name, f"picture {key[:40]!r} has no such axis")
            if len(picture.rows) != shape[picture.axis] or not picture.rows:
                scan.refuse(name, f"picture {key[:40]!r} has another number of channels")


def values_place(found: Recording, name: str) -> int:
    """Where in the file a stored tensor's values begin."""
    return found.values_at + found.stored[name].begin


def values(
    found: Recording, tensor: Tensor, spans: Sequence[tuple[int, int]]
) -> list[array.array[Any]] | None:
    """Kept values of a tensor, one array for each span of first value and count.

    None where they were not kept, have no type in Python, or can no longer be read.
    """
    code = ARRAY_CODES.get(tensor.dtype)
    if code is None or tensor.stored is None or sys.byteorder == "big":
        return None
    size, place = tables.ITEM_SIZES[tensor.dtype], values_place(found, tensor.stored)
    rows = []
    try:
        descriptor = os.open(found.name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            for start, count in spans:
                stream.seek(place + start * size)
                rows.append(array.array(code, stream.read(count * size)))
    except (OSError, ValueError):
        return None
    whole = all(len(row) == count for row, (_, count) in zip(rows, spans, strict=True))
    return rows if whole else None


def flat_values(found: Recording, tensor: Tensor, most: int = 1 << 16) -> array.array[Any] | None:
    """Kept values of a tensor in their order, `most` at most; None where there are none."""
    count = math.prod(tensor.shape)
    rows = values(found, tensor, [(0, min(count, most))]) if count else None
    return rows[0] if rows else None


def as_task(found: Recording, path: str) -> dict[str, Any]:
    """What a process needs in order to replay a recording's calls: their leaves, and tensors."""
    record = found.record
    calls = {
        f"{call.nth} {call.root}": [
            leaf
            for item in call.leaves
            for leaf in [_leaf_task(item)]
            if item.replay is not None and item.replay.state != "impossible"
            and all(record.tensors[number].stored is not None for number in leaf["inputs"])
        ]
        for call in record.calls
        if call.detailed
    }  # fmt: skip
    tensors = {
        str(number): {
            "dtype": item.dtype,
            "shape": list(item.shape),
            "begin": values_place(found, item.stored),
        }
        for number, item in enumerate(record.tensors)
        if item.stored is not None
    }
    return {"file": path, "calls": calls, "tensors": tensors, "ids": _ids(found)}


def _leaf_task(leaf: Leaf) -> dict[str, Any]:
    """A layer with the inputs that were kept: all, or some rows."""
    given: Leaf | Sample = leaf if leaf.sample is None else leaf.sample
    return {
        "name": leaf.name,
        "nth": leaf.nth,
        "arguments": _full(given.arguments),
        "named": _full(given.named),
        "inputs": [*given.arguments.tensors(), *given.named.tensors()],
    }


def _ids(found: Recording) -> list[int]:
    """Whole numbers that models were given and that may be token ids; their texts are asked for."""
    ids: set[int] = set()
    for call in found.record.calls:
        for number in call.inputs():
            tensor = found.record.tensors[number]
            if tensor.dtype in ("int64", "int32") and len(ids) < MOST_IDS:
                ids.update(int(value) for value in flat_values(found, tensor) or ())
    return sorted(ids)[:MOST_IDS]


def _full(node: Any) -> Any:
    """A node with all of its keys, as the recorded process reads it."""
    tree = msgspec.to_builtins(node)
    for part in ("items", "keys"):
        if tree["kind"] not in ("tensor", "value"):
            tree.setdefault(part, [])
    tree["items"] = [_full(item) for item in node.items]
    return tree
