"""Folders of data: how many files, how large, which names, and in which order they are listed.

Code that does not sort what os.listdir gives it sees the file system's order: another order of
samples on every host. What the files hold is not read, and their names do not leave the host.
"""

import hashlib
import os
import time
from collections import deque

from ..record import Record, key_text, native, reason, shown

MOST_FILES = 2000000
CHECK_EVERY = 1000


def collect(record: Record, named: list, until: float) -> None:
    """Fill the `data` section for (name, path) pairs."""
    entries = record.facts["entries"] = {}
    for name, given in named:
        path = native(given)
        facts = entries[name] = {"path": shown(path)}
        resolved = os.path.realpath(path)
        if resolved != os.path.abspath(path):
            facts["resolved"] = shown(resolved)
        try:
            facts.update(_described(_listed(path, until)))
        except OSError as error:  # the time that is left is one of them
            record.gap(key_text(name), reason(error))


def _described(found: list) -> dict:
    """Digest names: sorted together with sizes, and as they were listed."""
    ordered = hashlib.sha256(b"".join(name + b"\0" for name, _ in found))
    sized = sorted(b"%s\0%d\0" % pair for pair in found)
    return {
        "files": len(found),
        "bytes": sum(size for _, size in found),
        "names_sha256": hashlib.sha256(b"".join(sized)).hexdigest(),
        "order_sha256": ordered.hexdigest(),
    }


def _listed(path: str, until: float) -> list:
    """Return (relative name, size) of every file below a folder, folder by folder, as listed.

    Links to files are followed, links to folders are not. Raises OSError for what is no folder,
    for too many files, and TimeoutError where listing takes too long.
    """
    found, waiting = [], deque([(path, b"")])
    while waiting:
        folder, prefix = waiting.popleft()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + os.fsencode(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, name + b"/"))
                elif entry.is_file():
                    found.append((name, entry.stat().st_size))
                if len(found) % CHECK_EVERY == 0 and time.monotonic() > until:
                    raise TimeoutError("listing %s takes too long" % path)
        if len(found) > MOST_FILES:
            raise OSError("more than %d files below %s" % (MOST_FILES, path))
    return found
