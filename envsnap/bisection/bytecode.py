"""Byte code for fresh environments: compiled once, linked into each.

The names come from what a trial imported; what is kept is compiled by us from files that are as
RECORD states, never what a trial wrote.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping

from envsnap.bisection import supervised

COMPILE = """
import json, os, py_compile, sys
for source, target, level in json.load(open(sys.argv[1])):
    temporary = "%s.%d.tmp" % (target, os.getpid())
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        py_compile.compile(source, cfile=temporary, doraise=True, optimize=level)
        os.rename(temporary, target)
    except Exception:
        pass
"""
TIMEOUT = 1800.0
LEVELS = {"opt-1": 1, "opt-2": 2}


class Bytecode:
    """The byte code of distributions, by tag of the interpreter and digest of RECORD."""

    def __init__(self, root: str, python: str) -> None:
        self._root, self._python = root, python

    def link(self, distribution: str, site: str) -> list[str]:
        """Link what is known of a distribution; the paths, relative to `site`."""
        root = os.path.join(self._root, distribution)
        linked: list[str] = []
        for folder, _, names in os.walk(root):
            inner = os.path.relpath(folder, root)
            place = os.path.join(site, inner)
            found = [name for name in names if name.endswith(".pyc")]
            if not found or not os.path.isdir(os.path.dirname(place)):
                continue
            with contextlib.suppress(OSError):
                os.makedirs(place, exist_ok=True)
                for name in found:
                    os.link(os.path.join(folder, name), os.path.join(place, name))
                    linked.append(os.path.normpath(os.path.join(inner, name)))
        return linked

    def add(self, made: Mapping[str, Iterable[str]], site: str, folder: str) -> None:
        """Compile what a trial imported: paths of .pyc files by distribution.

        `folder` is for the list of them.
        """
        tasks = [
            (source, os.path.join(self._root, distribution, path), level)
            for distribution, paths in made.items()
            for path in paths
            for source, level in [_source(site, path)]
            if source is not None
        ]
        if not tasks:
            return
        listed = os.path.join(folder, "compile.json")
        with open(listed, "w", encoding="utf-8") as stream:
            json.dump(tasks, stream)
        supervised.run(
            [self._python, "-I", "-S", "-c", COMPILE, listed],
            folder=folder,
            variables={"PATH": os.defpath},
            timeout=TIMEOUT,
        )

    def forget(self, distribution: str, path: str) -> None:
        """Drop a file that a trial wrote to through its link."""
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self._root, distribution, path))


def _source(site: str, path: str) -> tuple[str | None, int]:
    """The source that a .pyc file is made from, and at which level of optimisation."""
    cache, name = os.path.split(path)
    parts = name.split(".")
    source = os.path.join(site, os.path.dirname(cache), f"{parts[0]}.py")
    level = LEVELS.get(parts[2], 0) if len(parts) == 4 else 0
    return (source if os.path.isfile(source) else None), level
