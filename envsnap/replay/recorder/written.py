"""The files that a command wrote, by digest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Container, Iterable, Sequence

from msgspec import structs

from envsnap.observe import classes
from envsnap.replay.esr.endings import Written
from envsnap.replay.recorder import arrays, packed, texts
from envsnap.replay.recorder.known import NOTHING

MOST_FILES = 20_000
LARGEST = 256 << 20
LARGEST_TEXT = 1 << 20
MOST_LISTED = 16 << 20  # bytes of all files whose values or lines are listed
TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 -- nothing is written there
NUMBERS = re.compile(r"\d+")
SKIPPED = ("__pycache__", ".git", ".pytest_cache", "node_modules", ".venv", "venv")
CACHES = re.compile(r"/\.cache/huggingface/|^/(?:root|home/[^/]+|Users/[^/]+)/\.cache/")


def files(  # noqa: PLR0913
    seen: Iterable[str],
    folder: str,
    began: int,
    without: Sequence[str],
    *,
    text: bool,
    known: Container[str] = NOTHING,
    clocks: bool = True,
    pids: Iterable[int] = (),
) -> dict[str, Written]:
    """Files that the command has written since `began` (ns), by their names.

    What was open before it changes by somebody else: a log, the shell's redirection. `without` are
    left out: they are ours. So are temporary files that are named after one of its processes. For
    `known` and `clocks` see `texts.listed`.
    """
    own = {os.path.realpath(path) for path in without}
    numbers = {str(pid) for pid in pids}
    found = {}
    for path in seen:
        if _is_link(path, began):
            real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
            found[real] = path
            continue
        real = os.path.realpath(path)
        if real in own or not _is_result(real, began):
            continue
        if real.startswith(TEMPORARY) and numbers.intersection(NUMBERS.findall(real)):
            continue
        found[real] = path
    named = classes.names(sorted(found), os.path.realpath(folder))
    told: dict[str, Written] = {}
    left = MOST_LISTED
    for real in sorted(found)[:MOST_FILES]:
        if os.path.islink(real):
            told[named[real]] = Written(size=0, link=_target(real, folder))
            continue
        during = began / 1e9, time.time()
        item = _described(real, during, known, text=text, clocks=clocks, listed=left > 0)
        left -= min(item.size, LARGEST_TEXT) if item.lines else 0
        told[named[real]] = item
    return told


def _is_link(path: str, began: int) -> bool:
    """Whether a name is a symbolic link that the command made."""
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    is_new = stat.S_ISLNK(facts.st_mode) and facts.st_ctime_ns >= began
    return is_new and not CACHES.search(path) and path.rsplit(os.sep, maxsplit=1)[-1] not in SKIPPED


def _target(link: str, folder: str) -> str:
    """What a link points at, by its way from the working folder; from elsewhere its last word."""
    real = os.path.realpath(link)
    below = os.path.join(os.path.realpath(folder), "")
    return real[len(below) :] if real.startswith(below) else os.path.basename(real)


def _is_result(path: str, began: int) -> bool:
    """Whether a file is there, is a regular one, and no cache of code."""
    parts = path.split(os.sep)
    if path.endswith((".pyc", ".lock")) or any(name in parts for name in SKIPPED):
        return False
    if path.startswith(classes.KERNEL_PLACES) or CACHES.search(path):
        return False
    try:
        facts = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_mtime_ns >= began


def _described(
    path: str,
    during: texts.During,
    known: Container[str],
    *,
    text: bool,
    clocks: bool,
    listed: bool,
) -> Written:
    """What is told of a file; its values or lines where it is `listed`."""
    size = os.stat(path).st_size
    if size > LARGEST:
        return Written(size=size)
    digest = hashlib.sha256()
    start = b""
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            start = start or piece
    if not listed:
        return Written(size=size, sha256=digest.hexdigest())
    if size > LARGEST_TEXT or b"\0" in start:
        lines = arrays.lines(path) if arrays.is_array(path) else ()
        values = packed.content(path, start)
        return Written(size=size, sha256=digest.hexdigest(), lines=lines, values=values)
    found = texts.listed(start, during, text=text, known=known, clocks=clocks)
    is_json = found.lines and start.lstrip()[:1] in (b"{", b"[")
    return Written(
        size=size,
        sha256=digest.hexdigest(),
        values=_values(start) if is_json else None,
        **structs.asdict(found),
    )


def _values(data: bytes) -> str | None:
    """A digest of what JSON, or a line of it each, says: without blanks, and without the order of keys."""
    for texts_of in ([data], data.splitlines()):
        try:
            trees = [json.loads(part) for part in texts_of if part.strip()]
        except (ValueError, RecursionError):
            continue
        plain = "\n".join(json.dumps(tree, sort_keys=True, separators=(",", ":")) for tree in trees)
        return hashlib.sha256(plain.encode()).hexdigest()
    return None
