"""Whether two manifests of one environment hold the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

# What is another at every capture, what says of a gap, and what names the tool itself.
LEFT_OUT = ("digest", "gaps", "complete")
OF_THE_CAPTURE = ("identity",)


class Agreement(Struct, frozen=True, kw_only=True):
    """How many facts of the first manifest the second holds, and the paths of those it does not."""

    same: int
    other: tuple[str, ...]
    lost: tuple[str, ...]
    new: int


def agreement(before: dict[str, Any], after: dict[str, Any]) -> Agreement:
    """Compare each single value of two decoded manifests."""
    first, second = dict(_facts(before)), dict(_facts(after))
    shared = first.keys() & second.keys()
    return Agreement(
        same=sum(first[path] == second[path] for path in shared),
        other=tuple(sorted(path for path in shared if first[path] != second[path])),
        lost=tuple(sorted(first.keys() - second.keys())),
        new=len(second.keys() - first.keys()),
    )


def _facts(manifest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, section in manifest["sections"].items():
        if name not in OF_THE_CAPTURE:
            yield from _values(name, section)


def _values(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for key, item in value.items():
        if key not in LEFT_OUT:
            yield from _values(f"{path}.{key}", item)
