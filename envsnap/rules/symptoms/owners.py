"""Whose it is: an import name, a file, a library, a symbol.

A program's own modules look like packages. Only what is installed, or is known by its import name
or role, is spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import cache
from typing import Any

from envsnap.knowledge.names import canonical
from envsnap.knowledge.roles import is_named
from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages
from envsnap.rules.symptoms.demangle import demangled

SITE = r"(?:site-packages|dist-packages)/([^/\s'\"]{1,120})(?:/([^/\s'\"]{1,120}))?"
TAG = r"\.(?:cpython|abi3|pypy|so|cp\d)[\w.-]{0,80}$"
OF_PYTHON = r"/lib(?:64)?/python3\.\d{1,2}/|<frozen |^/.{0,200}/lib/python3\d{1,2}\.zip/"
HASH = r"-[0-9a-f]{8,}"
# What extension modules add to their package's name.
SUFFIX = r"\d{1,3}|cuda|cpu|hip|rocm|C|ext|lib|ops|op|kernels?|backend|native|core"


def module(name: str, manifest: Manifest) -> str | None:
    """The distribution of an import name; None for one that nobody knows."""
    known = table("import_names")["names"]
    installed = packages(manifest)
    parts = name.split(".")
    for length in range(min(len(parts), 3), 0, -1):
        candidates = known.get(".".join(parts[:length]))
        if candidates:
            return next((item for item in candidates if item in installed), str(candidates[0]))
    top = canonical(parts[0])
    return top if top and (top in installed or is_named(top)) else None


def distribution(name: str, manifest: Manifest) -> str | None:
    """A distribution by its own name, or by its import name, if it is installed or known."""
    top = canonical(name)
    return top if top in packages(manifest) or is_named(top) else module(name, manifest)


def of_class(name: str, installed: Container[str]) -> str | None:
    """The installed distribution of a class that is named without its module.

    None for one of nobody's, and for one that several of those which are installed have.
    """
    known = next((owners for pattern, owners in _classes() if pattern.fullmatch(name)), ())
    here = [owner for owner in known if owner in installed]
    return here[0] if len(here) == 1 else None


def file(path: str, manifest: Manifest) -> str | None:
    """The distribution that installed a file; None for the program's own, and for the system's."""
    found = re.search(SITE, path)
    if found is None:
        return _extension(path.rpartition("/")[2], manifest)
    top, below = found[1], found[2] or ""
    if top.endswith((".libs", ".dist-info")):
        return module(top.partition(".libs")[0].partition("-")[0], manifest)
    if top == "nvidia" and below:
        return _of_nvidia(below, manifest)
    if "." in top:
        return _extension(top, manifest)
    inner = below if below.isidentifier() else ""  # of google several distributions have a part
    return module(f"{top}.{inner}" if inner else top, manifest)


def installed(manifest: Manifest) -> Container[str]:
    """The distributions that a manifest states."""
    return packages(manifest)


def _extension(name: str, manifest: Manifest) -> str | None:
    """The owner of an extension module by its file's name: its import name, or that with a suffix."""
    stem = re.sub(TAG, "", name)
    if not stem or "." in stem:
        return None
    words = stem.split("_")
    while words:
        owner = module("_".join(words), manifest)
        if owner is not None or not re.fullmatch(SUFFIX, words[-1]):
            return owner
        words.pop()
    return None


def _of_nvidia(folder: str, manifest: Manifest) -> str | None:
    wanted = f"nvidia-{canonical(folder)}"
    return next((name for name in sorted(packages(manifest)) if name.startswith(wanted)), None)


def is_of_python(path: str) -> bool:
    """Whether a file is of Python's own library, which raises for whom it was called by."""
    return re.search(OF_PYTHON, path) is not None and re.search(SITE, path) is None


def installed_as(path: str) -> str | None:
    """The folder or module of site-packages that a file belongs to; None for the program's and Python's."""
    found = re.search(SITE, path)
    return found[1] if found else None


def is_installed(path: str) -> bool:
    """Whether a file is of a distribution, or of Python's own library."""
    return re.search(SITE, path) is not None or is_of_python(path)


def library(soname: str) -> dict[str, Any] | None:
    """The row of a library's owner, by its soname or file."""
    name = re.sub(HASH, "", soname.rpartition("/")[2]).partition(".so")[0]
    return _longest("sonames", name)


def symbol(name: str) -> dict[str, Any] | None:
    """The row of a symbol's owner."""
    return _longest("symbols", demangled(name))


def symbol_version(name: str) -> dict[str, Any] | None:
    """The row of a symbol version's owner, for example of GLIBC_2.34."""
    return _longest("versions", name)


def _longest(kind: str, name: str) -> dict[str, Any] | None:
    starts = _starts(kind)
    return next((starts[name[:n]] for n in range(len(name), 1, -1) if name[:n] in starts), None)


@cache
def _classes() -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    rows = table("class_owners")["rows"]
    return [
        (re.compile(re.escape(name).replace(r"\*", r"\w*")), tuple(owners))
        for name, *owners in rows
    ]


@cache
def _starts(kind: str) -> dict[str, dict[str, Any]]:
    return {start: row for row in table("library_owners")[kind] for start in row["starts"]}
