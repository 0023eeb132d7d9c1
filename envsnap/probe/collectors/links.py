"""Whether compiled extensions fit what they are to be loaded with: read, and never loaded.

An extension asks libtorch for symbols by their C++ names, which change with torch's releases and
with the C++ ABI. What libtorch does not have fails at import, or at the first call. Files that were compiled elsewhere than for a
manylinux wheel may need newer C and C++ libraries, and some need libraries of CUDA that nothing
here brings.
"""

import os
import re
import time

from ..record import read_text
from ..readers import elf, loader
from .system_links import is_compiled, needs_of_all
from ..readers.symbols import Library, gnu_hash

OF_TORCH = (b"_ZN3c10", b"_ZNK3c10", b"_ZTIN3c10", b"_ZTVN3c10", b"_ZN2at", b"_ZNK2at", b"_ZN5torch",
            b"_ZNK5torch", b"_ZTIN5torch", b"_ZTVN5torch", b"_ZTIN2at", b"_ZTVN2at", b"_ZN4c10d",
            b"aoti_torch_", b"torch_", b"THP")  # fmt: skip
TORCHS = ("libtorch", "libc10")
MOST_TOLD, MOST_TRIED = 5, 6
SECONDS = 3.0
LABEL = re.compile(r"__version__[^=\n]{0,40}=\s*['\"][^'\"+\n]{1,40}\+([a-z0-9.]{2,12})['\"]")
STATES_ITS_BUILD = ("torchvision", "torchaudio", "torchcodec")


def collect(record, places: dict, shared: dict, until: float) -> None:
    """Add to packages what their files link, and what they need and do not get.

    `shared` has the shared objects of each metadata folder, as `packages.collect` read them.
    """
    until = min(until, time.monotonic() + SECONDS)
    files = {name: shared.get(place, ()) for name, place in places.items()}
    needs_of_all(record, places, files, until)
    _of_torch(record, places, files, until)


def _of_torch(record, places: dict, files: dict, until: float) -> None:
    entries = record.facts.get("entries", {})
    torch = places.get("torch")
    if torch is None:
        return
    libraries = _libraries(os.path.join(os.path.dirname(torch), "torch", "lib"))
    if not libraries:
        return
    try:
        for name in sorted(entries):
            if name != "torch" and name in places and is_compiled(entries[name]):
                _judge(record, name, (places[name], files[name]), (libraries, until))
    finally:
        for library in libraries.values():
            library.close()


def _libraries(folder: str) -> dict:
    """Torch's own libraries, by their names; those that cannot be read are left out."""
    found = {}
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return found
    for name in names:
        if name.startswith(TORCHS) and name.endswith(".so"):
            try:
                found[name] = Library(os.path.join(folder, name))
            except (OSError, ValueError):
                continue
    return found


def _judge(record, name: str, installed: tuple, asked: tuple) -> None:
    """Hold one distribution, its metadata folder and files, against torch's libraries."""
    (place, files), (libraries, until) = installed, asked
    entry = record.facts["entries"][name]
    folder = os.path.dirname(place)
    label = _label(name, folder)
    if label:
        entry["build_label"] = label
    missing, absent = [], []
    if not any(_asks_torch(os.path.join(folder, path)) for path in files[:MOST_TRIED]):
        return
    for path in files:
        if time.monotonic() > until:
            record.gap("%s.missing_symbols" % name, "timeout: too many files")
            return
        try:
            wanted = _wanted(os.path.join(folder, path))
            if not wanted:
                continue
            needed = loader.find_needed(os.path.join(folder, path), lambda names: names)
            own = _own(needed, place)
            missing += [
                symbol
                for symbol in wanted
                if not _is_there(symbol, libraries) and not _is_there(symbol, own)
            ]
            absent += _absent(os.path.join(folder, path), libraries)
        except (OSError, ValueError):
            continue
    if missing:
        told = sorted({symbol.decode("ascii", "replace") for symbol in missing})
        entry["missing_symbols"] = [symbol[:200] for symbol in told[:MOST_TOLD]]
        entry["missing_symbols_count"] = len(told)
    if absent:
        entry["missing_libraries"] = sorted(set(absent))[:MOST_TOLD]


def _asks_torch(path: str) -> bool:
    """Whether a file names a library of torch as needed."""
    try:
        return any(name.startswith(TORCHS) for name in elf.dependencies(path)[0])
    except (OSError, ValueError):
        return False


def _wanted(path: str) -> list:
    """The symbols that a file needs of torch."""
    file = Library(path)
    try:
        return file.undefined(OF_TORCH)
    finally:
        file.close()


def _own(needed: dict, place: str) -> dict:
    """Further libraries that an extension brings itself."""
    found = {}
    folder = os.path.dirname(place) + os.sep
    for name, path in needed.items():
        if os.path.realpath(path).startswith(folder) and not name.startswith(
            ("libtorch", "libc10")
        ):
            try:
                found[name] = Library(path)
            except (OSError, ValueError):
                continue
    return found


def _is_there(symbol: bytes, libraries: dict) -> bool:
    key = gnu_hash(symbol)
    return any(library.has(symbol, key) for library in libraries.values())


def _absent(path: str, libraries: dict) -> list:
    """Torch's libraries that a file needs and this torch does not have: a CPU build has no CUDA's."""
    needed = elf.dependencies(path)[0]
    return [
        name for name in needed if name.startswith(TORCHS) and name not in libraries
        and not name.startswith(("libtorchaudio", "libtorchcodec", "libtorchtext"))
    ]  # fmt: skip


def _label(name: str, folder: str) -> str:
    """The local label that a package's own version.py states, where its metadata has none."""
    if name not in STATES_ITS_BUILD:
        return ""
    try:
        text = read_text(os.path.join(folder, name, "version.py"), 4096)
    except OSError:
        return ""
    found = LABEL.search(text)
    return found.group(1) if found else ""
