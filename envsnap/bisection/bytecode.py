"""Byte code for fresh environments: compiled once, linked into each.

The names come from what a trial imported; what is kept is compiled by us from files that are as
RECORD states, never what a trial wrote.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping

from envsnap.bisection import supervised
from envsnap.model import storage

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
LIST = "list.json"
LEVELS = {"opt-1": 1, "opt-2": 2}


class Bytecode:
    """The byte code of distributions, by tag of the interpreter and digest of RECORD."""

    def __init__(self, root: str, python: str, start: supervised.Start = supervised.here) -> None:
        self._root, self._python, self._start = root, python, start

    def link(self, distribution: str, site: str) -> dict[str, str]:
        """Link what is known of a distribution; SHA-256 by path relative to `site`."""
        root = os.path.join(self._root, distribution, "")
        start = os.path.join(site, "")
        linked: dict[str, str] = {}
        folders: dict[str, bool] = {}
        for path, digest in self._known(distribution).items():
            folder = path.rpartition(os.sep)[0]
            if folder not in folders:
                folders[folder] = _there(start + folder)
            if folders[folder]:
                with contextlib.suppress(OSError):
                    os.link(root + path, start + path)
                    linked[path] = digest
        return linked

    def _known(self, distribution: str) -> dict[str, str]:
        """What is kept of a distribution; a list that cannot be read lists nothing."""
        try:
            with open(os.path.join(self._root, distribution, LIST), encoding="utf-8") as stream:
                known = json.load(stream)
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

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
            start=self._start,
        )
        for distribution, paths in made.items():
            self._list(distribution, paths)

    def _list(self, distribution: str, paths: Iterable[str]) -> None:
        """Write down what was compiled; it is linked from then on."""
        known = self._known(distribution)
        root = os.path.join(self._root, distribution)
        for path in paths:
            with contextlib.suppress(OSError), open(os.path.join(root, path), "rb") as stream:
                known[path] = hashlib.file_digest(stream, "sha256").hexdigest()
        if known:
            storage.write_atomically(
                os.path.join(root, LIST), json.dumps(known).encode("utf-8"), 0o600
            )

    def forget(self, distribution: str) -> None:
        """Drop a distribution whose files a trial wrote to through their links."""
        shutil.rmtree(os.path.join(self._root, distribution), ignore_errors=True)


def _there(folder: str) -> bool:
    """Make the folder of byte code beside its source, if the source's folder is there."""
    try:
        os.mkdir(folder)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _source(site: str, path: str) -> tuple[str | None, int]:
    """The source that a .pyc file is made from, and at which level of optimisation."""
    cache, name = os.path.split(path)
    parts = name.split(".")
    source = os.path.join(site, os.path.dirname(cache), f"{parts[0]}.py")
    level = LEVELS.get(parts[2], 0) if len(parts) == 4 else 0
    return (source if os.path.isfile(source) else None), level
