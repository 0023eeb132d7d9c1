"""Compares installed files with what RECORD states: which were altered, which are gone.

On request only, and outside the deadline: it reads every file of every distribution. Left out
is what differs from install to install: byte code, scripts and whatever else lies outside the
folder of packages, and what installers write of themselves.
"""

import base64
import hashlib
import os
import threading

from ..record import hashed, key_text, read_bytes, reason, shown

MOST_NAMED = 20
PIECE = 1 << 20
ALGORITHM = "sha256="
WRITTEN_BY_INSTALLERS = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json")


class Verification:
    """One comparison of all files of some distributions with their RECORDs."""

    def __init__(self, named: dict, report) -> None:
        """`named` maps distributions to their metadata; `report(done, total)` is told of bytes."""
        self.entries, self.gaps = {}, {}
        self._report, self._lock = report, threading.Lock()
        self._done = self._total = 0
        self._work = []
        for name, folder in named.items():
            try:
                files = _files(folder)
            except Exception as error:  # no RECORD, or none that can be read
                self.gaps[key_text(name) + ".altered"] = reason(error)
                continue
            self._work.extend((name,) + file for file in files)

    def run(self) -> None:
        """Read every file, several at a time."""
        self._total = sum(item[3] for item in self._work)
        self._report(0, self._total)
        threads = [
            threading.Thread(target=self._drain, daemon=True)
            for _ in range(max(2, min(8, os.cpu_count() or 2)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._report(self._total, self._total)
        for facts in self.entries.values():
            for key, names in list(facts.items()):
                facts[key], facts[key + "_count"] = sorted(names)[:MOST_NAMED], len(names)

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._work:
                    return
                name, path, shown_name, size, wanted = self._work.pop()
                self._done += size
                done = self._done
            try:
                if as_recorded(path) != wanted:
                    self._add(name, "altered", shown_name)
            except (FileNotFoundError, NotADirectoryError):
                self._add(name, "missing", shown_name)
            except PermissionError:  # whoever runs the program cannot read it either
                self._add(name, "altered", shown_name + " (cannot be read)")
            except OSError as error:
                with self._lock:
                    self.gaps.setdefault(key_text(name) + ".altered", reason(error))
            if done // (16 * PIECE) != (done - size) // (16 * PIECE):
                self._report(done, self._total)

    def _add(self, name: str, key: str, file: str) -> None:
        with self._lock:
            self.entries.setdefault(name, {}).setdefault(key, []).append(file)


def _files(folder: str) -> list:
    """Return (path, name, size, digest) of the files that RECORD answers for.

    Raises OSError where there is no RECORD and csv.Error where it is none.
    """
    import csv

    site, own = os.path.split(folder)
    text = read_bytes(os.path.join(folder, "RECORD")).decode("utf-8", "surrogateescape")
    found = []
    for row in csv.reader(text.splitlines()):
        if len(row) < 3 or not row[1].startswith(ALGORITHM) or _is_left_out(row[0], own):
            continue
        size = int(row[2]) if row[2].isdigit() and len(row[2]) < 15 else 0
        found.append((os.path.join(site, row[0]), shown(row[0]), size, row[1][len(ALGORITHM) :]))
    return found


def _is_left_out(name: str, own: str) -> bool:
    parts = name.split("/")
    outside = os.path.isabs(name) or ".." in parts or "\\" in name
    by_installer = parts[0] == own and parts[-1] in WRITTEN_BY_INSTALLERS
    return outside or by_installer or name.endswith(".pyc")


def as_recorded(path: str) -> str:
    """Digest a file as RECORD spells it: base64 for URLs, without padding."""
    digest = hashed(path, hashlib.sha256())
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode("ascii")
