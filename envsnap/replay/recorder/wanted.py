"""What a recorder is asked for."""

from __future__ import annotations

from msgspec import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    """The options of a recording.

    `full` keeps every input of a layer (None: what fits into 48 MiB, of large layers some rows);
    `calls` is how many calls of each model are looked into, of those that `roots` names where it
    names any; the first is repeated `repeat` times for latency, and with `zoom` once more for the
    names of its kernels. `text` keeps words of the output and the texts of token ids, not digests.
    """

    full: bool | None = None
    calls: int = 1
    repeat: int = 0
    zoom: bool = False
    roots: tuple[str, ...] = ()
    text: bool = False
