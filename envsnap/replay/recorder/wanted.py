"""What a recorder is asked for."""

from __future__ import annotations

from msgspec import Struct


class Wanted(Struct, frozen=True, kw_only=True):
    """The options of a recording.

    `full` keeps every input of a layer (None: up to 256 MiB); `calls` is how many calls of a model
    are recorded; each is repeated `repeat` times for latency, and with `zoom` once more for the
    names of its kernels.
    """

    full: bool | None = None
    calls: int = 1
    repeat: int = 0
    zoom: bool = False
