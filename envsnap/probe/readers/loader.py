"""Which file the dynamic loader takes for a library's name.

The order is the loader's own (ld.so(8) and glibc's elf/dl-load.c): the asking file's RPATH where
it has no RUNPATH, LD_LIBRARY_PATH, RUNPATH, /etc/ld.so.cache, the default folders. A file for
another processor is passed over, as the loader does.
"""

import os
import struct

from . import elf

CACHE = "/etc/ld.so.cache"
# The header of the format since glibc 2.2, as glibc's sysdeps/generic/dl-cache.h describes it.
CACHE_MAGIC = b"glibc-ld.so.cache1.1"
CACHE_HEADER, CACHE_ENTRY = 48, struct.Struct("=iIIIQ")
LARGEST_CACHE = 16 << 20
_READ = {}  # type: dict
DEFAULT_FOLDERS = (
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",  # a default of musl's loader
)


def find(name: str, asker: str, cache: str = CACHE) -> str:
    """Return the path that the loader takes for a library that `asker` asks for, or None.

    `asker` is an ELF file. Raises OSError or ValueError where it cannot be read.
    """
    return find_needed(asker, lambda needed: [name], cache).get(name)


def system_files_of(asker: str) -> set:
    """Return the files outside of Python's packages that loading an ELF file takes.

    Those that a package brings are followed; what the system's files need in turn is theirs.
    """
    waiting, seen, found = [asker], set(), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            needed = find_needed(path, lambda names: names).values()
        except (OSError, ValueError):
            continue
        found.update(os.path.realpath(file) for file in needed if "-packages/" not in file)
        waiting.extend(file for file in needed if "-packages/" in file)
    return found


def candidates(name: str, cache: str = CACHE) -> list:
    """Return where the loader looks for a library that a program asks for, in its order."""
    named = os.environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":")
    folders = [os.path.join(folder, name) for folder in named if folder]
    return folders + _cached(name, cache) + [os.path.join(item, name) for item in DEFAULT_FOLDERS]


def find_needed(asker: str, choose, cache: str = CACHE) -> dict:
    """Return {name: path} of what the loader takes for the names that `choose` picks.

    `choose` is given the names that `asker` needs.
    """
    needed, rpath, runpath = elf.dependencies(asker)
    names = choose(needed)
    if not names:
        return {}
    machine = elf.machine(asker)
    named = os.environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":")
    folders = [] if runpath else _expanded(rpath, asker)
    folders += [folder for folder in named if folder] + _expanded(runpath, asker)
    found = {}
    for name in names:
        path = (
            _in_folders(folders, name, machine)
            or _first(_cached(name, cache), machine)
            or _in_folders(list(DEFAULT_FOLDERS), name, machine)
        )
        if path:
            found[name] = path
    return found


def _expanded(folders: list, asker: str) -> list:
    """Put the asking file's folder where its paths say so."""
    origin = os.path.dirname(os.path.realpath(asker))
    return [
        os.path.normpath(folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin))
        for folder in folders
    ]


def _in_folders(folders: list, name: str, machine: bytes) -> str:
    return _first([os.path.join(folder, name) for folder in folders], machine)


def _first(paths: list, machine: bytes) -> str:
    """Return the first of these files that is a library for this processor."""
    for path in paths:
        try:
            if elf.machine(path) == machine:
                return path
        except (OSError, ValueError):
            continue
    return None


def known(cache: str = CACHE) -> list:
    """Return the paths of all libraries that the loader's cache holds."""
    return sorted({path for paths in _table(cache).values() for path in paths})


def _table(cache: str) -> dict:
    """Return {name: paths} of what the cache holds, in its order; a file is read once.

    Copies for certain processors only have no name: nothing asked for here has them.
    """
    try:
        with open(cache, "rb") as stream:
            key = elf.identity(stream)
            if key not in _READ:
                _READ.clear()
                _READ[key] = _parsed(stream.read(LARGEST_CACHE))
            return _READ[key]
    except OSError:
        return {}


def _parsed(data: bytes) -> dict:
    found = {}  # type: dict
    start = data.find(CACHE_MAGIC)  # an older format may come before it
    if start < 0 or len(data) < start + CACHE_HEADER:
        return found
    data = data[start:]
    count = struct.unpack_from("=I", data, len(CACHE_MAGIC))[0]
    table = data[CACHE_HEADER : CACHE_HEADER + min(count * CACHE_ENTRY.size, len(data))]
    whole = table[: len(table) // CACHE_ENTRY.size * CACHE_ENTRY.size]
    for _, key, value, _, capabilities in CACHE_ENTRY.iter_unpack(whole):
        if max(key, value) < len(data):
            name = "" if capabilities else _spelled(data, key)
            found.setdefault(name, []).append(_spelled(data, value))
    return found


def _spelled(data: bytes, at: int) -> str:
    return os.fsdecode(data[at : data.find(b"\0", at)])


def _cached(name: str, cache: str) -> list:
    """Return the paths that the loader's cache holds for a name, in its order."""
    return _table(cache).get(name, [])
