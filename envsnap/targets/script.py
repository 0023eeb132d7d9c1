"""The probe as one script. Only this room knows the probe's files."""

from __future__ import annotations

import binascii
import json
import os
import zlib
from importlib.util import find_spec
from pathlib import Path

from envsnap.probe import packing
from envsnap.targets import binding


def sources(*, nvml: bool = True) -> dict[str, str]:
    """Return the sources of the probe's modules by name, and what it needs of NVML's binding."""
    folder = Path(packing.__file__).parent
    paths = [(path, path.relative_to(folder)) for path in sorted(folder.rglob("*.py"))]
    # The room beside it, which decides what a secret is, is packed into it.
    room = folder.parent / "redact"
    paths += [(path, path.relative_to(folder.parent)) for path in sorted(room.glob("*.py"))]
    found = {_module(name): path.read_text(encoding="ascii") for path, name in paths}
    spec = find_spec("pynvml") if nvml else None
    if spec is not None and spec.origin is not None:
        whole = Path(spec.origin).read_text(encoding="utf-8")
        found["pynvml"] = binding.pruned(whole, found["collectors.gpu_query"])
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

    The binding of NVML is left out where there is certainly no driver. The modules travel
    deflated in base64: ASCII, so that no shell, terminal or copy spoils them.
    """
    modules = sources(nvml=nvml)
    packed = binascii.b2a_base64(zlib.compress(json.dumps(modules).encode()), newline=False)
    return packing.pack(modules, {**options, "marker": marker}, packed=packed.decode())
