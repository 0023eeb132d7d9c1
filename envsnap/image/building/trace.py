"""Reads BuildKit's progress: protobuf messages of `moby.buildkit.trace`, without its schema.

Field numbers are those of BuildKit's control.proto: StatusResponse has vertexes (1) and logs (3);
a Vertex its digest (1), name (3), cached (4), started (5), completed (6) and error (7); a
VertexLog its vertex (1) and msg (4).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from msgspec import Struct

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
VERTEXES, LOGS = 1, 3


class Vertex(Struct, frozen=True, kw_only=True):
    """A step of a build, as it stands."""

    digest: str
    name: str
    cached: bool
    started: bool
    completed: bool
    error: str


class Log(Struct, frozen=True, kw_only=True):
    """What a step wrote."""

    vertex: str
    text: str


def decode(aux: str) -> Iterator[Vertex | Log]:
    """Decode one message; one that is none yields nothing."""
    try:
        data = base64.b64decode(aux, validate=True)
        for number, value in fields(data):
            if isinstance(value, bytes) and number == VERTEXES:
                yield _vertex(dict(fields(value)))
            elif isinstance(value, bytes) and number == LOGS:
                yield _log(dict(fields(value)))
    except (binascii.Error, ValueError, IndexError):
        return


def fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and value of each field of a message; raises ValueError where it is cut off."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == VARINT:
            number, at = _varint(data, at)
            yield key >> 3, number
            continue
        if kind == BYTES:
            length, at = _varint(data, at)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise ValueError("not a protobuf message")
        if at + length > len(data):
            raise ValueError("cut off")
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number too long")


def _vertex(found: dict[int, bytes | int]) -> Vertex:
    return Vertex(
        digest=_text(found.get(1)),
        name=_text(found.get(3)),
        cached=bool(found.get(4)),
        started=5 in found,
        completed=6 in found,
        error=_text(found.get(7)),
    )


def _log(found: dict[int, bytes | int]) -> Log:
    return Log(vertex=_text(found.get(1)), text=_text(found.get(4)))


def _text(value: bytes | int | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
