"""Arguments and results of a module as a tree of plain data, and back.

A node is `{"kind": …}` with `tensor` (its number in the recording), `value`, `items`, or
`items` with `keys`. What is none of these is `opaque` and names its type only.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from .settings import digest

DEEPEST = 20
LONGEST_TEXT = 100


def encode(
    value: Any,
    number: Callable[[Any], int],
    tensor_type: type,
    depth: int = 0,
    opened: Callable[[Any], Any] | None = None,
) -> Any:
    """Describe a nest; `number` records a tensor and returns its number.

    `opened` gives something of known kind for what is none, or the value itself.
    """

    def inner(item: Any) -> Any:
        return encode(item, number, tensor_type, depth + 1, opened)

    if isinstance(value, tensor_type):
        return {"kind": "tensor", "tensor": number(value)}
    plain = _plain(value)
    if plain is not None:
        return plain
    if depth < DEEPEST:
        if type(value) in (list, tuple):
            name = "list" if isinstance(value, list) else "tuple"
            return {"kind": name, "items": [inner(item) for item in value]}
        named = _named_parts(value)
        if named is not None:
            kind = "dict" if type(value) is dict else "object"
            return {
                "kind": kind,
                "keys": list(named),
                "items": [inner(item) for item in named.values()],
            }
        other = opened(value) if opened is not None else value
        if other is not value:
            return inner(other)
    return {"kind": "opaque", "type": type(value).__name__[:LONGEST_TEXT]}


def _plain(value: Any) -> dict[str, Any] | None:
    """A plain value as it is, or what JSON cannot hold, and a text's digest, as opaque."""
    if value is None or isinstance(value, bool):
        return {"kind": "value", "value": value}
    if isinstance(value, int) and abs(value) < 1 << 53:
        return {"kind": "value", "value": int(value)}
    if isinstance(value, float) and math.isfinite(value):
        return {"kind": "value", "value": float(value)}
    if isinstance(value, str):
        return {"kind": "opaque", "type": "str", "value": digest(value)}
    if isinstance(value, (int, float)):
        return {"kind": "opaque", "type": type(value).__name__, "value": str(value)[:LONGEST_TEXT]}
    return None


def _named_parts(value: Any) -> dict[str, Any] | None:
    """The parts of a mapping, a named tuple or a dataclass (results of transformers, …)."""
    if isinstance(value, Mapping):
        return {str(key)[:LONGEST_TEXT]: item for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    return None


def tensors(node: Any) -> list[int]:
    """The numbers of a tree's tensors, in order."""
    if node["kind"] == "tensor":
        return [node["tensor"]]
    return [number for item in node.get("items", ()) for number in tensors(item)]


def can_rebuild(node: Any) -> bool:
    """Whether `rebuild` gives what was encoded."""
    if node["kind"] in ("opaque", "object"):
        return False
    return all(can_rebuild(item) for item in node.get("items", ()))


def rebuild(node: Any, tensor: Callable[[int], Any]) -> Any:
    """The nest that was encoded; `tensor` finds a tensor by its number."""
    kind = node["kind"]
    if kind == "tensor":
        return tensor(node["tensor"])
    if kind == "value":
        return node.get("value")
    items = [rebuild(item, tensor) for item in node["items"]]
    if kind == "dict":
        return dict(zip(node["keys"], items))
    return items if kind == "list" else tuple(items)


def flat(value: Any, tensor_type: type, depth: int = 0) -> list[Any]:
    """The tensors of a nest, in the order that `encode` numbers them."""
    if isinstance(value, tensor_type):
        return [value]
    if depth >= DEEPEST:
        return []
    if type(value) in (list, tuple):
        parts: Any = value
    else:
        parts = (_named_parts(value) or {}).values()
    return [found for item in parts for found in flat(item, tensor_type, depth + 1)]
