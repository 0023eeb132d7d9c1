"""The probe as one script. Only this room knows the probe's files."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from envsnap.probe import packing


def sources(*, nvml: bool = True) -> dict[str, str]:
    """Return the sources of the probe's modules by name, and of the binding of NVML."""
    folder = Path(packing.__file__).parent
    paths = [(path, path.relative_to(folder)) for path in sorted(folder.rglob("*.py"))]
    # The room beside it, which decides what a secret is, is packed into it.
    room = folder.parent / "redact"
    paths += [(path, path.relative_to(folder.parent)) for path in sorted(room.glob("*.py"))]
    found = {_module(name): path.read_text(encoding="ascii") for path, name in paths}
    binding = find_spec("pynvml") if nvml else None
    if binding is not None and binding.origin is not None:
        found["pynvml"] = Path(binding.origin).read_text(encoding="utf-8")
    return found


def _module(path: Path) -> str:
    """Name a module inside the probe: collectors.python, or collectors for its __init__."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def new_marker() -> str:
    """A marker that nothing else in a probe's output can hold."""
    return os.urandom(16).hex()


def build(options: dict[str, object], marker: str, *, nvml: bool = True) -> str:
    """Return the script with these options and the marker of its messages baked in.

    The binding of NVML is two thirds of it, and left out where there is certainly no driver.
    """
    return packing.pack(sources(nvml=nvml), {**options, "marker": marker})
