"""An ONNX model: versions, producer, inputs and outputs, read from protobuf's wire form.

Only the head fields and the names and shapes of inputs and outputs are read; weights are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.intake.formats import configs
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

NAME = "onnx"
NEWEST_IR = 30
MOST_FIELDS = 2_000_000
# TensorProto.DataType.
TYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
         8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16"}  # fmt: skip

Field = tuple[int, int | bytes]


class _CutError(Exception):
    """A message that ends within a field."""


def recognise(source: Source) -> bool:
    """The IR version first, a producer or an opset among the fields, and a graph."""
    data = source.data
    if len(data) < 16 or data[0] != 0x08 or not 1 <= data[1] <= NEWEST_IR:
        return False
    try:
        numbers = {number for number, _ in _fields(data)}
    except _CutError:
        return data[2] in (0x12, 0x1A, 0x3A)
    return 7 in numbers and 8 in numbers


def read(source: Source) -> Draft:
    """What the model says of itself."""
    try:
        tree = _model(source.data)
    except _CutError:
        raise RefusedError(
            f"{source.name}: looks like an ONNX model, but is cut off or damaged; copy it again"
        ) from None
    draft = Draft("an ONNX model", "stated")
    configs.add_tree(draft, NAME, tree, "json")
    draft.leave("its nodes and weights", beside=True)
    return draft


def _model(data: bytes) -> dict[str, Any]:
    tree: dict[str, Any] = {"opset": {}}
    for number, value in _fields(data):
        if number == 1:
            tree["ir_version"] = value
        elif number in (2, 3) and isinstance(value, bytes):
            tree["producer" if number == 2 else "producer_version"] = _text(value)
        elif number == 8 and isinstance(value, bytes):
            opset = dict(_fields(value))
            tree["opset"][_text(opset.get(1, b"")) or "ai.onnx"] = opset.get(2, 0)
        elif number == 7 and isinstance(value, bytes):
            tree.update(_graph(value))
    return tree


def _graph(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"inputs": {}, "outputs": {}}
    weights: set[str] = set()
    for number, value in _fields(data):
        if number in (11, 12) and isinstance(value, bytes):
            name, told = _value_info(value)
            found["inputs" if number == 11 else "outputs"][name] = told
        elif number == 5 and isinstance(value, bytes):
            weights.update(_text(inner) for key, inner in _fields(value) if key == 8)
    found["inputs"] = {name: told for name, told in found["inputs"].items() if name not in weights}
    return found


def _value_info(data: bytes) -> tuple[str, str]:
    """A name, and its type with its shape: `float32[batch, 3, 224, 224]`."""
    fields = dict(_fields(data))
    tensor = dict(_fields(_bytes(dict(_fields(_bytes(fields.get(2)))).get(1))))
    kind = tensor.get(1, 0)
    told = TYPES.get(kind, str(kind)) if isinstance(kind, int) else "unknown"
    sizes = []
    for number, value in _fields(_bytes(tensor.get(2))):
        if number == 1:
            size = dict(_fields(_bytes(value)))
            sizes.append(str(size[1]) if 1 in size else _text(size.get(2, b"")) or "?")
    return _text(fields.get(1, b"")), f"{told}[{', '.join(sizes)}]"


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _text(value: int | bytes) -> str:
    return value.decode("utf-8", "replace")[:300] if isinstance(value, bytes) else ""


def _fields(data: bytes) -> Iterator[Field]:
    """The fields of a message: numbers with their values."""
    place = 0
    for _ in range(MOST_FIELDS):
        if place >= len(data):
            return
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield number, value
        elif kind in (1, 2, 5):
            length, place = (8 if kind == 1 else 4, place) if kind != 2 else _varint(data, place)
            if place + length > len(data):
                raise _CutError
            yield number, data[place : place + length]
            place += length
        else:
            raise _CutError
    raise _CutError


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place
    raise _CutError
