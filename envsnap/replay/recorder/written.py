"""The files that a command wrote, by digest."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from envsnap.observe import classes
from envsnap.replay.esr.recording import Written
from envsnap.replay.recorder import texts

MOST_FILES = 200
MOST_ENTRIES = 20_000
DEEPEST = 4
LARGEST = 256 << 20
LARGEST_TEXT = 1 << 20
SKIPPED = ("__pycache__", ".git", ".cache", ".pytest_cache", "node_modules", ".venv", "venv")


def files(
    seen: Iterable[str], folder: str, began: int, without: Sequence[str], *, text: bool
) -> dict[str, Written]:
    """Files that were written since `began` (ns since 1970), by their names.

    `seen` are those that Python code opened for writing; native code is found out by looking
    through the working folder. `without` are left out: they are ours.
    """
    own = {os.path.realpath(path) for path in without}
    found = {}
    for path in [*seen, *_changed(folder, began)]:
        real = os.path.realpath(path)
        if real not in own and _is_result(real, began):
            found[real] = path
    named = classes.names(sorted(found), os.path.realpath(folder))
    return {named[real]: _described(real, text=text) for real in sorted(found)[:MOST_FILES]}


def _changed(folder: str, began: int) -> Iterator[str]:
    """The files below a folder that changed since."""
    count = 0
    base = folder.rstrip(os.sep).count(os.sep)
    for place, folders, names in os.walk(folder):
        if place.count(os.sep) - base >= DEEPEST:
            folders[:] = []
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            count += 1
            if count > MOST_ENTRIES:
                return
            path = os.path.join(place, name)
            try:
                if os.lstat(path).st_mtime_ns >= began:
                    yield path
            except OSError:
                continue


def _is_result(path: str, began: int) -> bool:
    """Whether a file is there, is a regular one, and no cache of code."""
    parts = path.split(os.sep)
    if path.endswith((".pyc", ".lock")) or any(name in parts for name in SKIPPED):
        return False
    if path.startswith(classes.KERNEL_PLACES):
        return False
    try:
        facts = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_mtime_ns >= began


def _described(path: str, *, text: bool) -> Written:
    size = os.stat(path).st_size
    if size > LARGEST:
        return Written(size=size)
    digest = hashlib.sha256()
    start = b""
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            start = start or piece
    lines: tuple[str, ...] = ()
    if size <= LARGEST_TEXT and b"\0" not in start:
        lines = tuple(texts.lines(start, text=text))
    return Written(size=size, sha256=digest.hexdigest(), lines=lines)
