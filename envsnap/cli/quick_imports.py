"""What nearly every command imports, without what that would bring along for nothing."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

EXTENSIONS, PLATFORM = "typing_extensions", "platform"


def msgspec() -> None:
    """Import msgspec as it is imported where typing_extensions is not installed.

    It takes names from there that `typing` has, too. That imports `inspect`, and both together take
    as long as msgspec itself. Whoever asks for typing_extensions later gets it.

    Its import of `uuid` brings `platform` along, to learn that this is Linux. From Python 3.13 on
    it does not: before, something that knows just this stands in for it meanwhile.
    """
    if "msgspec" in sys.modules or EXTENSIONS in sys.modules:
        return
    sys.modules[EXTENSIONS] = None  # type: ignore[assignment]  # an import of it fails
    stands_in = sys.platform == "linux" and not {PLATFORM, "uuid"} & sys.modules.keys()
    if stands_in:
        sys.modules[PLATFORM] = ModuleType(PLATFORM)
        sys.modules[PLATFORM].system = lambda: "Linux"  # type: ignore[attr-defined]
    try:
        import_module("msgspec")
    finally:
        del sys.modules[EXTENSIONS]
        if stands_in:
            del sys.modules[PLATFORM]
