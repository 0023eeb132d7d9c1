"""The probe as one script. Only this room knows the probe's files."""

from __future__ import annotations

import contextlib
import os
import sys
from _thread import RLock  # as functools has it: importing threading costs a millisecond
from functools import cache
from importlib.util import cache_from_source, find_spec
from typing import TYPE_CHECKING

from envsnap._version import __version__
from envsnap.probe import packing

if TYPE_CHECKING:
    from pathlib import Path

_PACKING = RLock()  # hosts of a fleet are asked in threads: one packs, the others wait


def sources(*, nvml: bool = True) -> dict[str, str]:
    """Return the sources of the probe's modules by name, and what it needs of NVML's binding."""
    from pathlib import Path  # a capture of this machine sends nothing

    folder = Path(packing.__file__).parent
    paths = [(path, path.relative_to(folder)) for path in sorted(folder.rglob("*.py"))]
    # The room beside it, which decides what a secret is, is packed into it.
    room = folder.parent / "redact"
    paths += [(path, path.relative_to(folder.parent)) for path in sorted(room.glob("*.py"))]
    found = {_module(name): path.read_text(encoding="ascii") for path, name in paths}
    spec = find_spec("pynvml") if nvml else None
    if spec is not None and spec.origin is not None:
        from envsnap.targets import binding

        whole = Path(spec.origin).read_text(encoding="utf-8")
        found["pynvml"] = binding.pruned(whole, found["collectors.gpu_query"])
    return found


def place() -> dict[str, object]:
    """The option that lets a Python of this machine read the modules where they lie.

    None where they are no files. Their byte code is kept for Pythons as ours, as an import keeps
    it, unless the user wants none.
    """
    folder = os.path.dirname(packing.__file__)
    if not os.path.isdir(folder):
        return {}
    room = os.path.dirname(folder)
    if not sys.dont_write_bytecode:
        for part in (folder, f"{folder}/collectors", f"{folder}/readers", f"{room}/redact"):
            _keep_byte_code(part)
    return {"place": room}


def has_driver() -> bool:
    """Whether this machine has a GPU driver: without one a probe that runs here needs no NVML."""
    from envsnap.probe.collectors import driver

    return driver.is_present()


def _keep_byte_code(folder: str) -> None:
    """Compile the modules whose byte code is not there or older; a folder may be read only."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith(".py"):
                continue
            kept = cache_from_source(entry.path)
            if not os.path.exists(kept) or os.stat(kept).st_mtime < entry.stat().st_mtime:
                import py_compile

                py_compile.compile(entry.path, quiet=2)


def _module(path: Path) -> str:
    """Name a module inside the probe: collectors.python, or collectors for its __init__."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def new_marker() -> str:
    """A marker that nothing else in a probe's output can hold."""
    return os.urandom(16).hex()


def written_marker(options: dict[str, object]) -> str:
    """The marker of a script that is written to a file: equal options give equal bytes.

    It need not be secret. Whoever runs the script can read it there.
    """
    import hashlib
    import json

    told = json.dumps([__version__, options], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def build(options: dict[str, object], marker: str, *, nvml: bool = True) -> str:
    """Return the script with these options and the marker of its messages baked in.

    The binding of NVML is left out where there is certainly no driver. The modules travel
    deflated in base64: ASCII, so that no shell, terminal or copy spoils them.
    """
    if "place" in options:
        modules = sources() if nvml else {}
        binding_of_nvml = {name: text for name, text in modules.items() if name == "pynvml"}
        return packing.pack(binding_of_nvml, {**options, "marker": marker})
    with _PACKING:
        modules, packed = _shortened(nvml)
    return packing.pack(modules, {**options, "marker": marker}, packed=packed)


@cache
def _shortened(nvml: bool) -> tuple[dict[str, str], str]:
    """The modules as they travel, alone and packed: the same for every host of a fleet."""
    from envsnap.targets.shortened import shortened

    short = sources(nvml=nvml)
    for name in short.keys() - {"bootstrap"}:  # the script's own head, which people read
        short[name] = shortened(short[name])
    return short, _packed(short)


def _packed(modules: dict[str, str]) -> str:
    import base64
    import zlib

    # Names and sources in turn, in nobody's notation: JSON spells each end of a line in two letters.
    packer = zlib.compressobj(9, memLevel=9)
    texts = "\0".join(part for item in modules.items() for part in item)
    data = packer.compress(texts.encode("ascii")) + packer.flush()
    return base64.b85encode(data).decode()
