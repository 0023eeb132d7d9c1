"""The image libraries that Pillow and OpenCV decode with: equal files, other pixels.

Read from the library files that the dynamic loader takes for them, without importing anything:
a file states its own version, whatever its package was compiled against. What no file states is
asked in a child (`codec_import`), where imports are allowed.
"""

import glob
import os
import re
import sys
from importlib import machinery

from ..readers import elf, loader
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
OPENJPEG_FILE = r"\.so\.(\d+\.\d+\.\d+)$|openjp2\.(\d+\.\d+\.\d+)\.dylib$"
PILLOW_VERSION = r"(?m)^__version__\s*=\s*[\"']([^\"']+)"
LARGEST_LIBRARY = 256 << 20
NOT_IMPORTED = "not asked: captured without importing"
# What an import is for: a gap where there was none.
WANTED = {"pillow": ("webp",), "opencv": ("version", "jpeg")}


def find(sys_path: list) -> dict:
    """Return the extension modules of Pillow and OpenCV that Python would import."""
    found = {}
    for folder in sys_path:
        for key, path in (("pillow", _in_pillow(folder)), ("opencv", _in_opencv(folder))):
            if path:
                found.setdefault(key, path)
    return found


def _in_pillow(folder: str) -> str:
    return _extension(os.path.join(folder, "PIL"), "_imaging.")


def _in_opencv(folder: str) -> str:
    """OpenCV's extension: in its package, in a folder of it a Python version, or alone."""
    package = os.path.join(folder, "cv2")
    if not os.path.isdir(package):
        alone = [os.path.join(folder, "cv2" + suffix) for suffix in machinery.EXTENSION_SUFFIXES]
        return next(filter(os.path.exists, alone), None)
    inside = [package] + sorted(glob.glob(os.path.join(glob.escape(package), "python-*")))
    return next(filter(None, [_extension(place, "cv2.") for place in inside]), None)


def _extension(folder: str, start: str) -> str:
    """Return the first extension module of a folder whose name starts so, or None."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.startswith(start))
    except OSError:
        return None
    names = [name for name in names if name.endswith((".so", ".pyd"))]
    return os.path.join(folder, names[0]) if names else None


class Codecs:
    """The image libraries of one environment; a child is started early where one is needed."""

    def __init__(self, sys_path: list, start) -> None:
        """`start` starts an import of "pillow" or "opencv"; None where nothing is imported."""
        self._found, self._start, self._mapped = find(sys_path), start, set()
        self._pillow = (
            start("pillow", WANTED["pillow"]) if start and "pillow" in self._found else None
        )

    def collect(self, record: Record, until: float) -> list:
        """Fill the `codecs` section; returns the system's library files that they use."""
        entries = record.facts["entries"] = {}
        for key, path in sorted(self._found.items()):
            part = Record(record.gaps, key + ".")
            entries[key] = part.facts
            if key == "pillow":
                pillow(part, path, needed(path))
                self._ask(part, self._pillow, until, WANTED[key])
            elif not self._opencv(part, path):
                started = self._start("opencv", WANTED[key]) if self._start else None
                self._ask(part, started, until, WANTED[key])
        return sorted(self._mapped | self._of_opencv())

    def _of_opencv(self) -> set:
        """The files that the loader takes for OpenCV, which is not imported for its facts."""
        path = self._found.get("opencv")
        return loader.system_files_of(path) if path else set()

    @staticmethod
    def _opencv(part: Record, path: str) -> bool:
        from . import opencv  # compiled where it is used

        return opencv.describe(part, path)

    def _ask(self, part: Record, started, until: float, wanted: tuple) -> None:
        """Let what an import shows go over what the files say; without one, `wanted` is a gap."""
        answer = {"error": NOT_IMPORTED}  # type: dict
        if started is not None:
            answer = started.answer(until)
            self._mapped.update(answer.get("mapped", ()))
        part.facts.update(answer.get("facts", {}))
        for path, why in answer.get("gaps", {}).items():
            part.gap(path, why)
        why = answer.get("error", "not stated: importing it did not tell")
        for key in wanted:
            if key not in part.facts:
                part.gap(key, why)


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


def pillow(record: Record, path: str, libraries: dict) -> None:
    """Describe Pillow by the files it loads; what is in no file of its own is in the extension."""
    folder = os.path.dirname(path)
    record.learn_present("version", _pillow_version, folder)
    for library, field in FIELDS.items():
        if field != "png":  # Pillow reads PNG files by itself, with zlib
            found = record.learn(field, stated, field, libraries.get(library) or path)
            _unless_silent(record, field, found, libraries.get(library))
    if record.facts.get("jpeg") is None and record.facts.get("zlib") is None:
        # Pillow is not built without both: this is no file that we can read.
        for field in ("jpeg", "tiff", "zlib"):
            _unless_silent(record, field, None, path)
    name = (
        os.path.basename(os.path.realpath(libraries["openjp2"])) if "openjp2" in libraries else ""
    )
    match = re.search(OPENJPEG_FILE, name) if name else None
    found = record.facts["openjpeg"] = (match.group(1) or match.group(2)) if match else None
    _unless_silent(record, "openjpeg", found, libraries.get("openjp2"))
    if _extension(folder, "_webp.") is None:
        record.facts["webp"] = None
    place(record, path, libraries)


def _unless_silent(record: Record, field: str, found: str, library: str) -> None:
    """A codec that is not there is a null; one whose file states no version is a gap."""
    if found is None and library:
        record.facts.pop(field, None)
        record.gap(field, "not stated: %s states no version" % library)


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


def _pillow_version(folder: str) -> str:
    for name in ("_version.py", "version.py", "__init__.py"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            text = read_bytes(path, 65536).decode("utf-8", "replace")
            match = re.search(PILLOW_VERSION, text)
            if match:
                return match.group(1)
    return None


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
