"""Values that the script itself names: `envsnap.tap(name, value)`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

LISTENERS: list[Callable[[str, Any], None]] = []


def tell(name: str, value: Any) -> None:
    """Give a value to whoever records; nobody: nothing happens."""
    for listener in LISTENERS:
        with contextlib.suppress(Exception):
            listener(name, value)
