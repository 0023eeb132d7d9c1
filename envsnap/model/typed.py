"""Builds records from parsed trees; nothing else does, as the first use of a type has to be alone.

msgspec works out a type when it is first used, and keeps what it has before it is done. A second
thread that uses the type meanwhile ends the process (measured with msgspec 0.22: SIGSEGV in 40 of
40 runs of sixteen threads). Hosts of a fleet answer in threads, and users call the API in theirs.
"""

from _thread import RLock  # as functools has it: importing threading costs a millisecond
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_FIRST_USE = RLock()
_USED: set[Any] = set()


def convert(tree: Any, kind: type[T]) -> T:
    """Build a record, or a value of another type, from a tree. Raises msgspec.ValidationError."""
    _prepare(kind)
    return msgspec.convert(tree, kind)


def decode(data: bytes | str, kind: type[T]) -> T:
    """Build a record from JSON. Raises msgspec.DecodeError, of which ValidationError is one."""
    _prepare(kind)
    return msgspec.json.decode(data, type=kind)


def _prepare(kind: Any) -> None:
    """Let msgspec work out a type, and all that it is made of, while no other thread does."""
    if kind not in _USED:
        with _FIRST_USE:
            msgspec.json.Decoder(kind)
            _USED.add(kind)
