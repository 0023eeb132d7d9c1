"""The values of NumPy's files, as lines that can be compared: an array's form, then its numbers.

NumPy need not be installed here. An array that is not of plain numbers, or too long, has no lines.
"""

from __future__ import annotations

import ast
import math
import os
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from envsnap.replay.recorder.inside.settings import digest

MARK = "%array"
ENDINGS = (".npy", ".npz")
MOST_VALUES = 20_000
IN_A_LINE = 20
LONGEST_HEADER, LONGEST_TEXT = 1 << 16, 1 << 12
MAGIC = b"\x93NUMPY"
# Code of NumPy -> its letter in `struct`, and how a number is written so that no bit is lost.
FORMATS = {
    "b1": ("?", "d"), "i1": ("b", "d"), "u1": ("B", "d"), "i2": ("h", "d"), "u2": ("H", "d"),
    "i4": ("i", "d"), "u4": ("I", "d"), "i8": ("q", "d"), "u8": ("Q", "d"),
    "f2": ("e", ".5g"), "f4": ("f", ".9g"), "f8": ("d", ".17g"),
}  # fmt: skip


def lines(path: str) -> tuple[str, ...]:
    """The arrays of a file; empty where any of them cannot be told."""
    try:
        if path.endswith(".npy"):
            with open(path, "rb") as stream:
                return tuple(_array(stream, "", MOST_VALUES))
        found: list[str] = []
        with zipfile.ZipFile(path) as archive:
            for item in sorted(archive.infolist(), key=lambda item: item.filename):
                with archive.open(item) as member:
                    left = MOST_VALUES - IN_A_LINE * len(found)
                    found += _array(member, item.filename, left)  # type: ignore[arg-type]
        return tuple(found)
    except (
        OSError,
        ValueError,
        SyntaxError,
        KeyError,
        TypeError,
        struct.error,
        zipfile.BadZipFile,
    ):
        return ()


def _array(stream: BinaryIO, name: str, most: int) -> Iterator[str]:
    """The lines of one array. Raises ValueError and the like where it has none."""
    if stream.read(6) != MAGIC:
        raise ValueError("not an array of NumPy")
    long = stream.read(2)[0] > 1
    size = int.from_bytes(stream.read(4 if long else 2), "little")
    if size > LONGEST_HEADER:
        raise ValueError("too long a header")
    told = ast.literal_eval(stream.read(size).decode("latin-1"))
    order, code, shape = told["descr"][0], told["descr"][1:], told["shape"]
    count = math.prod(shape)
    if not 0 <= count <= most:
        raise ValueError("too many values")
    words = _texts if code[0] == "U" else _numbers
    values = words(stream, code, count, "<" if order in "<|" else ">")
    laid = "F" if told["fortran_order"] else "C"
    yield f"{MARK} {digest(name) if name else '-'} {code} {'x'.join(map(str, shape)) or '-'} {laid}"
    for start in range(0, count, IN_A_LINE):
        yield " ".join(values[start : start + IN_A_LINE])


def _numbers(stream: BinaryIO, code: str, count: int, order: str) -> list[str]:
    letter, how = FORMATS[code]
    data = stream.read(count * struct.calcsize(order + letter) + 1)
    return [format(value, how) for value in struct.unpack(f"{order}{count}{letter}", data)]


def _texts(stream: BinaryIO, code: str, count: int, order: str) -> list[str]:
    """Texts of one length, as digests."""
    size = 4 * int(code[1:])
    data = stream.read(count * size + 1)
    if len(data) != count * size or size > LONGEST_TEXT:
        raise ValueError("no such texts")
    coding = "utf-32-le" if order == "<" else "utf-32-be"
    pieces = (data[start : start + size] for start in range(0, count * size, size or 1))
    return [digest(piece.decode(coding).rstrip("\0")) for piece in pieces]


def is_array(path: str) -> bool:
    """Whether a file is one of NumPy's by its name."""
    return os.path.splitext(path)[1] in ENDINGS
