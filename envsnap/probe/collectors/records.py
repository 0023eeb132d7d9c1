"""What a distribution's RECORD tells: a digest of its files, what it answers for, what it shares.

Each RECORD is read once; those who look at shared objects later are told of them here.
"""

import hashlib
import os
import re
from bisect import bisect_left

from . import ownership
from ..record import read_bytes

COMMA = ord(",")
LARGEST_RECORD = 16 << 20  # some 200,000 files; its lines take five times as much memory
WRITTEN_BY_INSTALLERS = re.compile(
    rb"\.dist-info/(INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json|RECORD\.jws|RECORD\.p7s)\"?,"
)
SHARED, MOST_SHARED = re.compile(rb"\.so(?:\.\d+)*$"), 60


def add(facts: dict, path: str) -> None:
    """Digest a RECORD file, and keep the top-level packages and modules that it lists as `claims`."""
    try:
        data = read_bytes(path, LARGEST_RECORD + 1)
    except OSError:
        return
    if len(data) > LARGEST_RECORD:
        defect = "RECORD is longer than %d MiB: not read" % (LARGEST_RECORD >> 20)
        facts.setdefault("defects", []).append(defect)
        return
    facts["shared"] = _shared_objects(data)
    lines = _lasting_lines(data.splitlines(), b".pyc,sha256" in data)
    del data
    facts["claims"] = ownership.top_level(lines)
    facts["owned"] = ownership.of_record(lines)
    found = _digest_of_lines(lines, os.path.basename(os.path.dirname(path)))
    if found:
        facts["record_sha256"] = found


def digest(data: bytes, folder: str) -> str:
    """Digest a RECORD of a metadata folder of this name: equal for two installations of one artifact.

    Left out: byte code, files without a digest, what installers write themselves, and files outside the folder (names
    that start with a dot or a slash). The digest is SHA-256 over the remaining lines, sorted and joined by
    newlines; None where nothing remains.
    """
    return _digest_of_lines(_lasting_lines(data.splitlines(), b".pyc,sha256" in data), folder)


def _shared_objects(data: bytes) -> list:
    """The shared objects among the lines; those that it only brings along (NAME.libs) aside.

    The latter are found where its own files need them.
    """
    found, at = [], data.find(b".so")
    while at >= 0 and len(found) < MOST_SHARED:
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        for line in data[data.rfind(b"\n", 0, at) + 1 : end].splitlines():
            name = line.partition(b",")[0].strip(b'"')
            if b".so" in line and SHARED.search(name) and b".libs/" not in name:
                found.append(os.fsdecode(name))
        at = data.find(b".so", end)
    return found[:MOST_SHARED]


def _lasting_lines(lines: list, has_byte_code: bool) -> list:
    # A RECORD can have 10,000 lines, so as little as possible is done to each. Lines that end
    # in a comma have neither digest nor size; what else is left out stands together once sorted.
    lines = sorted([line for line in lines if line and line[-1] != COMMA])
    if has_byte_code:
        lines = [line for line in lines if b".pyc,sha256" not in line]
    return lines


def _digest_of_lines(lines: list, folder: str):
    del lines[bisect_left(lines, b".") : bisect_left(lines, b"0")]
    own = folder.encode("utf-8", "surrogateescape")
    start, end = bisect_left(lines, own + b"/"), bisect_left(lines, own + b"0")
    lines[start:end] = [line for line in lines[start:end] if not WRITTEN_BY_INSTALLERS.search(line)]
    return hashlib.sha256(b"\n".join(lines)).hexdigest() if lines else None
