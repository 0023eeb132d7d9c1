"""Reads and writes the two array formats of a recording: npy and the header of safetensors."""

from __future__ import annotations

import array
import ast
import json
import sys
from collections.abc import Mapping
from typing import Any

from envsnap.model import scan

BUCKETS = 251
MOST_SKETCHES = 1 << 20
LONGEST_HEADER = 64 << 20
ITEM_SIZES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
    "uint16": 2, "uint32": 4, "uint64": 8, "complex64": 8,
    "float8_e4m3fn": 1, "float8_e5m2": 1,
}  # fmt: skip
CODES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
    "uint16": "U16", "uint32": "U32", "uint64": "U64", "complex64": "C64",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip
NPY = b"\x93NUMPY\x01\x00"


class Stored:
    """A tensor's place in tensors.safetensors, counted from the start of the values."""

    def __init__(self, dtype: str, shape: tuple[int, ...], begin: int, end: int) -> None:
        self.dtype, self.shape, self.begin, self.end = dtype, shape, begin, end


def write_sketches(values: bytes) -> bytes:
    """Rows of 251 float32 numbers as npy."""
    rows = len(values) // (4 * BUCKETS)
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {BUCKETS}), }}"
    padded = text + " " * (-(len(text) + 11) % 64) + "\n"
    return NPY + len(padded).to_bytes(2, "little") + padded.encode("ascii") + values


def read_sketches(data: bytes, name: str) -> list[array.array[float]]:
    """The rows of an npy file as it is written here; any other, pickled ones too, is refused."""
    if not data.startswith(NPY):
        scan.refuse(name, "not an npy file of version 1.0")
    length = int.from_bytes(data[8:10], "little")
    try:
        header = ast.literal_eval(data[10 : 10 + length].decode("ascii").strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        scan.refuse(name, "its npy header cannot be read")
    if not isinstance(header, dict) or header.get("descr") != "<f4":
        scan.refuse(name, "holds something else than 32-bit numbers")
    shape = header.get("shape")
    is_table = isinstance(shape, tuple) and len(shape) == 2 and shape[1:] == (BUCKETS,)
    if header.get("fortran_order") is not False or not is_table:
        scan.refuse(name, f"is no table of {BUCKETS} columns")
    rows = shape[0] if isinstance(shape, tuple) else -1
    if type(rows) is not int or not 0 <= rows <= MOST_SKETCHES:
        scan.refuse(name, "has an impossible number of rows")
    values = data[10 + length :]
    if len(values) != rows * BUCKETS * 4:
        scan.refuse(name, f"should hold {rows} rows and has {len(values)} bytes of them")
    numbers = array.array("f", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return [numbers[start : start + BUCKETS] for start in range(0, len(numbers), BUCKETS)]


def tensors_header(stored: Mapping[str, Stored]) -> bytes:
    """The header of a safetensors file whose values follow."""
    tree = {
        name: {
            "dtype": CODES[item.dtype],
            "shape": list(item.shape),
            "data_offsets": [item.begin, item.end],
        }
        for name, item in stored.items()
    }
    text = json.dumps(tree, separators=(",", ":"))
    text += " " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text.encode("ascii")


def header_length(start: bytes, size: int, name: str) -> int:
    """The length that the first 8 bytes of a safetensors file of `size` bytes state."""
    length = int.from_bytes(start, "little")
    if len(start) != 8 or length > min(LONGEST_HEADER, size - 8):
        scan.refuse(name, "its header is larger than the file or than 64 MiB")
    return length


def read_header(data: bytes, values: int, name: str) -> dict[str, Stored]:
    """The tensors of a safetensors header; `values` is the number of bytes that follow it."""
    tree = scan.parse(data, name)
    if not isinstance(tree, dict):
        scan.refuse(name, "its header is no object")
    found = {key: _stored(key, item, name) for key, item in tree.items() if key != "__metadata__"}
    end = 0
    for key, item in sorted(found.items(), key=lambda pair: (pair[1].begin, pair[1].end)):
        if item.begin != end:
            scan.refuse(name, f"tensor {key!r} overlaps another or leaves a hole")
        end = item.end
    if end != values:
        scan.refuse(name, f"its tensors need {end} bytes and it has {values}")
    return found


def _stored(key: str, item: Any, name: str) -> Stored:
    names = {code: dtype for dtype, code in CODES.items()}
    if not isinstance(item, dict) or item.get("dtype") not in names:
        scan.refuse(name, f"tensor {key!r} has no known dtype")
    shape: Any = item.get("shape")
    offsets: Any = item.get("data_offsets")
    if not (_naturals(shape) and len(shape) <= 64 and _naturals(offsets) and len(offsets) == 2):
        scan.refuse(name, f"tensor {key!r} has an impossible shape or place")
    size = ITEM_SIZES[names[item["dtype"]]]
    for side in shape:
        size *= side
    if offsets[1] - offsets[0] != size:
        scan.refuse(name, f"tensor {key!r} does not fill its place")
    return Stored(names[item["dtype"]], tuple(shape), offsets[0], offsets[1])


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
