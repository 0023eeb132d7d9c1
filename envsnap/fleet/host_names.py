"""The names of hosts as the rooms of a fleet hand them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload


class Bare(Sequence[tuple[str, ...]]):
    """Hosts that have one name each: a hundred thousand tuples would be a sixth of the memory."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, ...]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, ...] | Sequence[tuple[str, ...]]:
        if isinstance(place, slice):
            return Bare(self._names[place])
        return (self._names[place],)
