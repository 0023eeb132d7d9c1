"""Whether weights have still the values that were digested, some of them looked at in each call.

A CRC-32 goes on from the state that it has reached. With the states at the ends of pieces, any
piece is checked alone, and what a call costs does not depend on how large a weight is.
"""

from __future__ import annotations

import zlib
from typing import Any

from .summary import raw_bytes, settled

PIECE = 1 << 18
FEW, LOOKED_AT = 32, 1 << 20  # weights, and their bytes, that are looked at in each call


def states(plain: Any) -> list[int]:
    """The states of a settled tensor's CRC-32 at the ends of its pieces; the last is the digest."""
    data = memoryview(raw_bytes(plain))
    found, state = [], 0
    for begin in range(0, max(1, len(data)), PIECE):
        state = zlib.crc32(data[begin : begin + PIECE], state)
        found.append(state)
    return found


class Looks:
    """Goes round the weights of a model, a little further with each call.

    `known` holds the states of each weight by its name.
    """

    def __init__(self, known: dict[str, list[int]]) -> None:
        self._known, self._order = known, list(known)
        self._at, self._piece = 0, 0

    def changed(self, tensors: dict[str, Any]) -> list[str]:
        """The weights, of the few whose turn it is, that have other values now."""
        found: list[str] = []
        left = LOOKED_AT
        for _ in range(min(FEW, len(self._order))):
            name = self._order[self._at % len(self._order)]
            plain = _values(tensors.get(name))
            if plain is not None:
                left = self._along(name, plain, left)
                if left < 0:
                    found.append(name)
                    self._known[name] = states(plain)
                    self._piece = len(self._known[name])
                if self._piece < len(self._known[name]):
                    break
            self._at, self._piece = self._at + 1, 0
        return found

    def _along(self, name: str, plain: Any, left: int) -> int:
        """Check pieces of one weight; returns the bytes still to look at, below 0 if one differs."""
        known = self._known[name]
        data = memoryview(raw_bytes(plain))
        while self._piece < len(known) and left > 0:
            begin = self._piece * PIECE
            before = known[self._piece - 1] if self._piece else 0
            if zlib.crc32(data[begin : begin + PIECE], before) != known[self._piece]:
                return -1
            self._piece += 1
            left -= PIECE
        return max(0, left)


def _values(tensor: Any) -> Any:
    """The values of a weight; None where they are elsewhere by now."""
    try:
        return None if tensor is None else settled(tensor)
    except (ValueError, RuntimeError, NotImplementedError):
        return None
