"""What is recorded of the modules themselves: types, settings, parameters."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Iterator
from typing import Any

from . import weights
from .settings import digest as digest_of
from .summary import dtype_name, settled

LONGEST_TUPLE = 8
SAMPLED = 4096
OPAQUE = (
    ("OptimizedModule", "is compiled by torch.compile"),
    ("ScriptModule", "is TorchScript"),
    ("GraphModule", "is an exported or traced graph"),
)


def title(module: Any) -> str:
    """The name of a module's type, without the function that it was defined in."""
    return str(type(module).__qualname__.rpartition("<locals>.")[2][:200])


def describe(module: Any) -> dict[str, Any]:
    """A module's type, mode and scalar settings.

    Texts are kept in torch's own modules only: in others they may be anything, a secret too, and
    are digests.
    """
    kind = type(module)
    texts = (kind.__module__ or "").split(".")[0] == "torch"
    settings = {
        name: value
        for name, raw in sorted(vars(module).items())
        if _tells(name, raw)
        for value in [_scalar(raw, texts or name.startswith("_active"))]
        if value is not None
    }
    for name, raw in sorted(vars(module).items()):
        if isinstance(raw, dict) and not name.startswith("_") and 0 < len(raw) <= LONGEST_TUPLE:
            for key, item in raw.items():  # of adapters: one for each
                value = _scalar(item, texts)
                if value is not None and isinstance(key, str) and key.isidentifier():
                    settings[f"{name}.{key}"[:100]] = value
    return {
        "type": title(module),
        "module": (kind.__module__ or "")[:200],
        "training": bool(getattr(module, "training", False)),
        "settings": settings,
    }


def _tells(name: str, raw: Any) -> bool:
    """Whether an attribute is a setting; of private ones switches and lists of names are."""
    if not name.startswith("_"):
        return name != "training"
    if name.startswith(("_is_", "_hf", "_backward", "_forward", "_state", "_load", "_non_")):
        return False
    return isinstance(raw, bool) or (name.startswith("_active") and isinstance(raw, (str, list)))


def _scalar(value: Any, texts: bool) -> Any:
    """A plain value, or some in a row; rows of rows (anchors, sizes of kernels) as a text."""
    if isinstance(value, (bool, int)) and abs(value) < 1 << 53:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value[:100] if texts else digest_of(value)
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, tuple) and 0 < len(value) <= LONGEST_TUPLE:
        parts = [_scalar(item, texts) for item in value]
        if None in parts:
            return None
        return str(parts)[:200] if any(isinstance(part, list) for part in parts) else parts
    return None


def argument_names(root: Any) -> list[str]:
    """What a module's forward calls the arguments that have a place."""
    try:
        found = inspect.signature(root.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [item.name[:100] for item in found if item.kind < item.VAR_POSITIONAL][:100]


def named(root: Any) -> dict[int, str]:
    """Names of all modules below a root by identity; the root itself is the empty name."""
    return {id(module): plain(name) for name, module in root.named_modules()}


def plain(name: str) -> str:
    """A name without the shell that torch.compile puts around a module."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def opaque(root: Any) -> list[str]:
    """The modules whose insides may run without calling modules, and what they are."""
    found: list[str] = []
    inside: list[str] = []
    for name, module in root.named_modules():
        if any(name.startswith(outer) for outer in inside):
            continue
        bases = [base.__name__ for base in type(module).__mro__]
        for kind, words in OPAQUE:
            if kind in bases:
                found.append(f"{plain(name)[:200] or 'the model'} {words}")
                inside.append(f"{name}." if name else "")
                break
    return found[:20]


def has_weights(module: Any) -> bool:
    """Whether a module is a model: it has parameters, or weights that are packed or frozen."""
    if next(module.parameters(), None) is not None or _is_frozen(module):
        return True
    return any("quantized" in (type(item).__module__ or "") for item in module.modules())


def _is_frozen(module: Any) -> bool:
    return next(_constants(module), None) is not None


def _constants(module: Any) -> Iterator[tuple[str, Any]]:
    """The weights of which TorchScript has made constants, under the names that they had."""
    if all(base.__name__ != "ScriptModule" for base in type(module).__mro__):
        return
    for item in module.graph.findAllNodes("prim::Constant"):
        name = item.output().debugName()
        if name.startswith("self.") and item.hasAttribute("value") and item.kindOf("value") == "t":
            yield name[len("self.") :], item.t("value")


def parameters(torch: Any, root: Any, states: dict[str, list[int]]) -> dict[str, dict[str, Any]]:
    """Parameters and buffers by name, each with a digest; one that has no values says why.

    A buffer that no checkpoint holds is `computed`: it follows from the configuration. The states
    of the parameters' digests go into `states`.
    """
    found: dict[str, dict[str, Any]] = {}
    computed = {
        f"{place}.{name}" if place else name
        for place, module in root.named_modules()
        for name in getattr(module, "_non_persistent_buffers_set", ())
    }
    for role, items in (
        ("parameter", root.named_parameters()),
        ("buffer", root.named_buffers()),
        ("parameter", _constants(root)),
    ):
        for name, tensor in items:
            entry: dict[str, Any] = {
                "role": "computed" if name in computed else role,
                "dtype": dtype_name(tensor.dtype),
                "shape": list(tensor.shape),
            }
            try:
                plain_tensor = settled(tensor)
                known = weights.states(plain_tensor)
                entry.update(_values(torch, plain_tensor), crc32=f"{known[-1]:08x}")
                if role == "parameter":
                    states[name] = known
            except (ValueError, RuntimeError, NotImplementedError) as error:
                entry["reason"] = " ".join(str(error).split())[:200]
            found[plain(name)] = entry
    return found


def _values(torch: Any, plain: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if plain.is_floating_point() and plain.numel():
        length = float(torch.linalg.vector_norm(plain.reshape(-1).float()))
        entry["l2"] = length if math.isfinite(length) else None
        entry["fits"] = _narrowest(torch, plain)
    return entry


def _narrowest(torch: Any, plain: Any) -> str | None:
    """The half precision that holds the values exactly: they may have gone through it."""
    if plain.dtype not in (torch.float32, torch.float64) or plain.numel() < LONGEST_TUPLE:
        return None
    sample = plain.reshape(-1)[:SAMPLED]
    if not bool((sample != sample.round()).any()):
        return None  # zeros, ones and counts fit everywhere
    for dtype in (torch.bfloat16, torch.float16):
        if bool((sample.to(dtype).to(plain.dtype) == sample).all()):
            return dtype_name(dtype)
    return None


def keywords(module: Any) -> dict[str, Any] | None:
    """The keywords of the call that is beginning: hooks are not told, the caller's frame knows."""
    frame: Any = sys._getframe(1)
    for _ in range(12):
        if frame is None:
            return None
        if frame.f_code.co_name in ("_call_impl", "inner"):
            there = frame.f_locals
            if there.get("self") is module and isinstance(there.get("kwargs"), dict):
                return dict(there["kwargs"])
        frame = frame.f_back
    return None
