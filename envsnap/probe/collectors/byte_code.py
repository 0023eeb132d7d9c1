"""Byte code that Python would run, and that its source does not give.

Python takes byte code from the cache where its header fits the source, and looks no further: what
it holds need not be what the source says. So each source is compiled again, and compared. On
request only: it takes about as long as compiling everything.
"""

import importlib.util
import marshal
import os
import re
import struct
import sys
import warnings

from ..record import read_bytes

CACHED = re.compile(
    r"(.+)\.%s(?:\.opt-([12]))?\.pyc" % re.escape(sys.implementation.cache_tag or "-")
)
HEADER = 16 if sys.version_info >= (3, 7) else 12
LIBRARY = os.path.dirname(os.__file__)
BY_HASH, CHECKED = 1, 2
MOST_FOLDERS = 200000
TESTS = frozenset(("test", "tests", "idle_test"))


def altered(roots: list, report) -> list:
    """Return paths of byte code under these folders that is loaded and is not its source's.

    `report(0, 0)` is called for each folder: who asked is still there, or writing to it ends this.
    """
    found, seen = [], set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the sources: they are somebody else's
        for root in roots:
            for folder, folders, files in os.walk(root):
                place = os.path.realpath(folder)
                if place in seen or len(seen) > MOST_FOLDERS:
                    folders[:] = []
                    continue
                seen.add(place)
                report(0, 0)
                if root == LIBRARY:
                    folders[:] = [name for name in folders if name not in TESTS]
                if os.path.basename(folder) == "__pycache__":
                    found += [
                        os.path.join(folder, name) for name in files if _is_other(folder, name)
                    ]
    return sorted(found)


def _is_other(folder: str, name: str) -> bool:
    """Tell whether one file holds other code than its source, and Python would run it."""
    match = CACHED.match(name)
    source = os.path.join(os.path.dirname(folder), match.group(1) + ".py") if match else ""
    if not match or not os.path.isfile(source):
        return False  # nothing imports it
    try:
        data, text = read_bytes(os.path.join(folder, name)), read_bytes(source)
    except OSError:
        return False
    if data[:4] != importlib.util.MAGIC_NUMBER or not _is_loaded(data, source, text):
        return False
    try:
        made = compile(text, source, "exec", dont_inherit=True, optimize=int(match.group(2) or 0))
    except (MemoryError, RecursionError):
        return False
    except Exception:  # whatever was compiled, it was not this
        return True
    return not _is_same(data[HEADER:], made)


def _is_loaded(data: bytes, source: str, text: bytes) -> bool:
    """Tell whether the header makes Python take the code without looking at the source's text."""
    if len(data) < HEADER:
        return False
    flags = struct.unpack("<I", data[4:8])[0] if HEADER == 16 else 0
    if flags & BY_HASH:
        return not flags & CHECKED or data[8:16] == importlib.util.source_hash(text)  # novm: 3.7
    about = os.stat(source)
    written = struct.unpack("<II", data[HEADER - 8 : HEADER])
    return written == (int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF)


def _is_same(stored: bytes, made) -> bool:
    try:
        code = marshal.loads(stored)  # noqa: S302 -- as Python would, and it is never run
    except Exception:
        return True  # Python cannot load it either, and compiles the source
    # Constants that are not equal to themselves (NaN) are compared as they are spelled.
    return code == made or _spelled(code) == _spelled(made)


def _spelled(value) -> tuple:
    """What a constant, or the code of a function, is: values that can be compared."""
    if hasattr(value, "co_code"):
        return (
            value.co_code, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars,
            value.co_flags, value.co_argcount, value.co_kwonlyargcount, value.co_name,
            getattr(value, "co_exceptiontable", b""), tuple(map(_spelled, value.co_consts)),
        )  # fmt: skip
    if isinstance(value, tuple):
        return ("tuple",) + tuple(map(_spelled, value))
    if isinstance(value, frozenset):
        return ("frozenset",) + tuple(sorted(map(_spelled, value)))
    return (type(value).__name__, repr(value))
