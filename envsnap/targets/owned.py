"""What we started and have to end, whenever a signal comes: between any two lines of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

_ENDINGS: dict[str, Callable[[], object]] = {}


def add(name: str, end: Callable[[], object]) -> None:
    """Note how to end something that is about to start."""
    _ENDINGS[name] = end


def release(name: str) -> None:
    """Forget what has ended."""
    _ENDINGS.pop(name, None)


def end_all() -> None:
    """End whatever is left."""
    for name, end in list(_ENDINGS.items()):
        with contextlib.suppress(Exception):  # the next one has to be ended, too
            end()
        release(name)
