"""What nearly every command imports, without what that would bring along for nothing."""

from __future__ import annotations

import sys
from importlib import import_module

EXTENSIONS = "typing_extensions"


def msgspec() -> None:
    """Import msgspec as it is imported where typing_extensions is not installed.

    It takes names from there that `typing` has, too. That imports `inspect`, and both together take
    as long as msgspec itself. Whoever asks for typing_extensions later gets it.
    """
    if "msgspec" in sys.modules or EXTENSIONS in sys.modules:
        return
    sys.modules[EXTENSIONS] = None  # type: ignore[assignment]  # an import of it fails
    try:
        import_module("msgspec")
    finally:
        del sys.modules[EXTENSIONS]
