"""Compares installed files with what RECORD says of them: an edited file is a defect of its package.

It reads every file of every distribution, so it is done only when it is asked for.
"""

import base64
import csv
import hashlib
import os

from ..record import native
from .packages import NAME_AND_VERSION, canonical

MOST_NAMED = 3
PIECE = 1 << 20
ALGORITHMS = ("sha256", "sha384", "sha512")


def check(entries: dict, sys_path: list) -> None:
    """Add to each distribution's defects the files that are not what its RECORD says."""
    seen = set()
    for folder in sys_path:
        place = os.path.realpath(folder)
        if place in seen or not os.path.isdir(place):
            continue
        seen.add(place)
        for name in sorted(os.listdir(place)):
            match = NAME_AND_VERSION.match(name[: -len(".dist-info")])
            entry = entries.get(canonical(match.group(1))) if match else None
            if not name.endswith(".dist-info") or entry is None or entry.get("folder") != folder:
                continue
            wrong = _wrong_files(place, os.path.join(place, name, "RECORD"))
            if wrong:
                more = len(wrong) - MOST_NAMED
                shown = wrong[:MOST_NAMED] + (["and %d more" % more] if more > 0 else [])
                entry.setdefault("defects", []).extend(shown)


def _wrong_files(folder: str, record: str) -> list:
    """Name the files that differ from a RECORD, or are missing; byte code is left out."""
    try:
        with open(record, newline="", encoding="utf-8", errors="surrogateescape") as stream:
            rows = [row for row in csv.reader(stream) if len(row) == 3 and row[1]]
    except (OSError, csv.Error):
        return []
    wrong = []
    for path, wanted, _ in rows:
        if path.endswith(".pyc"):
            continue
        algorithm, _, digest = wanted.partition("=")
        if algorithm not in ALGORITHMS:
            continue
        try:
            found = _digest(os.path.join(folder, native(path)), algorithm)
        except OSError as error:
            wrong.append("%s cannot be read (%s)" % (path, type(error).__name__))
            continue
        if found != digest.rstrip("="):
            wrong.append("%s is not what RECORD says" % path)
    return wrong


def _digest(path: str, algorithm: str) -> str:
    found = hashlib.new(algorithm)
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            found.update(piece)
    return base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode("ascii")
