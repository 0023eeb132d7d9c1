"""What the files of image codecs say: which are loaded, of which version, and whose they are."""

import glob
import os
import re
import sys

from . import elf, loader
from ..record import Record, read_bytes

# Library file -> the field that holds its version. libturbojpeg has the other interface.
NAMES = re.compile(r"^(?:lib)?(jpeg|png|webp|tiff|z|openjp2)(?:\d+)?(?=[.-]|$)")
FIELDS = {"jpeg": "jpeg", "png": "png", "tiff": "tiff", "z": "zlib"}
# What the files say of themselves, found once by text and then by pattern.
STATED = {
    "jpeg": (
        (b"libjpeg-turbo version ", "libjpeg-turbo %s"),
        (b"mozjpeg version ", "mozjpeg %s"),
    ),
    "png": ((b"libpng version ", "%s"),),
    "tiff": ((b"LIBTIFF, Version ", "%s"),),
    "zlib": ((b" deflate ", "%s"),),
}
# Patterns are compiled when they are used: most captures need none of some of them.
WORD = rb"(\d[\w.+-]*)"
# The Independent JPEG Group's library states a version and a date: "9d  12-Jan-2020".
IJG = rb"\0(\d[a-z]?) {1,2}\d{1,2}-[A-Z][a-z]{2}-[12]\d{3}\0"
ZLIB_NG = rb"(\d+\.\d+\.\d+\.zlib-ng)"
LARGEST_LIBRARY = 256 << 20


def needed(path: str) -> dict:
    """Return the codec files that the loader takes for an extension: {library: path}."""
    try:
        found = loader.find_needed(
            path, lambda names: [name for name in names if NAMES.match(name)]
        )
    except (OSError, ValueError):
        return _beside(path)
    return {NAMES.match(name).group(1): resolved for name, resolved in found.items()}


def _beside(path: str) -> dict:
    """The libraries that a wheel for macOS brings along."""
    files = sorted(glob.glob(os.path.join(glob.escape(os.path.dirname(path)), ".dylibs", "*")))
    named = [(NAMES.match(os.path.basename(file)), file) for file in files]
    return {match.group(1): file for match, file in named if match}


def place(record: Record, path: str, libraries: dict) -> None:
    """Say which file holds the JPEG decoder, and whose it is."""
    held = os.path.realpath(libraries.get("jpeg") or path)
    site = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    if held == os.path.realpath(path) or ".libs" + os.sep in held or ".dylibs" in held:
        source = "bundled"
    elif os.path.isdir(os.path.join(sys.prefix, "conda-meta")) and held.startswith(
        os.path.realpath(sys.prefix) + os.sep
    ):
        source = "conda"
    else:
        source = "bundled" if held.startswith(site + os.sep) else "system"
    record.facts["source"] = source if record.facts.get("jpeg") else "unknown"
    record.facts["path"] = libraries.get("jpeg") or path


def constants(path: str) -> bytes:
    """The part of a library that holds its texts; the whole file where it has no such part."""
    try:
        found = elf.section(path, b".rodata")
    except (OSError, ValueError):
        found = None
    return read_bytes(path, LARGEST_LIBRARY) if found is None else found


def stated(field: str, path: str) -> str:
    """Return the version of a codec that a library file states, or None."""
    data = constants(path)
    if field == "zlib" and b".zlib-ng" in data:
        match = re.search(ZLIB_NG, data)
        return match.group(1).decode("ascii") if match else None
    for text, form in STATED[field]:
        at = data.find(text)
        match = re.match(WORD, data[at + len(text) : at + len(text) + 40]) if at >= 0 else None
        if match:
            return form % match.group(1).decode("ascii")
    match = re.search(IJG, data) if field == "jpeg" else None
    return "libjpeg " + match.group(1).decode("ascii") if match else None
