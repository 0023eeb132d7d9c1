"""The probe as one script. Only this room knows the probe's files."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from envsnap.probe import packing


def sources() -> dict[str, str]:
    """Return the sources of the probe's modules, and of the NVML binding, by module name."""
    folder = Path(packing.__file__).parent
    found = {path.stem: path.read_text(encoding="ascii") for path in sorted(folder.glob("*.py"))}
    binding = find_spec("pynvml")
    if binding is not None and binding.origin is not None:
        found["pynvml"] = Path(binding.origin).read_text(encoding="utf-8")
    return found


def new_marker() -> str:
    """A marker that nothing else in a probe's output can hold."""
    return os.urandom(16).hex()


def build(options: dict[str, object], marker: str) -> str:
    """Return the script with these options and the marker of its messages baked in."""
    return packing.pack(sources(), {**options, "marker": marker})
