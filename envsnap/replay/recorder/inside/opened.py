"""What a model gives, or a script names, that is neither a tensor nor plain.

Arrays of other libraries become tensors; an object of the script's own is looked into.
"""

from __future__ import annotations

import collections
import enum
import sys
from types import ModuleType
from typing import Any

MOST = 200  # objects of one result that are looked into
LARGEST = 64  # attributes of one of them
MOST_TEXTS = 10_000
NUMBERS = "biufc"


class Opened:
    """Gives something of known kind for one nest of values, or the value as it came."""

    def __init__(self, torch: Any) -> None:
        self._torch, self._left = torch, MOST

    def __call__(self, value: Any) -> Any:
        """A tensor, a plain value or a mapping that says the same; the value itself: none does."""
        try:
            return self._opened(value)
        except Exception:  # whatever a stranger's object does when it is asked
            return value

    def _opened(self, value: Any) -> Any:
        if isinstance(value, enum.Enum):
            return value.name
        if isinstance(value, (bytes, bytearray)):
            return value.hex()
        if isinstance(value, (list, tuple, collections.deque)):
            return list(value)
        if isinstance(value, (set, frozenset)):
            return sorted(value, key=lambda item: (type(item).__name__, str(item)))
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(value, "__array__"):
            found = self._array(numpy, value)
            if found is not value:
                return found
        return self._attributes(value)

    def _array(self, numpy: Any, value: Any) -> Any:
        """An array, a picture, or a table's values, as a tensor; texts as a list."""
        array = numpy.asarray(value)
        if array.dtype.kind in NUMBERS:
            if isinstance(value, numpy.generic):
                return array.item()
            return self._torch.from_numpy(numpy.ascontiguousarray(array))
        return array.tolist() if array.size <= MOST_TEXTS else value

    def _attributes(self, value: Any) -> Any:
        """The attributes of an object that holds values; not of modules, classes and caches."""
        name, found = type(value).__name__, getattr(value, "__dict__", None)
        skipped = isinstance(value, (type, ModuleType, self._torch.nn.Module)) or callable(value)
        if skipped or name.endswith("Cache") or not isinstance(found, dict) or not found:
            return value
        self._left -= 1
        if self._left < 0 or len(found) > LARGEST:
            return value
        return dict(found)
