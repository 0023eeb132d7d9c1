"""The image libraries that Pillow and OpenCV decode with: equal files, other pixels.

Read from the library files that the dynamic loader takes for them, without importing anything:
a file states its own version, whatever its package was compiled against. What no file states is
asked in a child (`codec_import`), where imports are allowed.
"""

import glob
import os
import re
from importlib import machinery

from ..readers import codec_files, loader
from ..record import Record, read_bytes

OPENJPEG_FILE = r"\.so\.(\d+\.\d+\.\d+)$|openjp2\.(\d+\.\d+\.\d+)\.dylib$"
PILLOW_VERSION = r"(?m)^__version__\s*=\s*[\"']([^\"']+)"
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
                pillow(part, path, codec_files.needed(path))
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


def pillow(record: Record, path: str, libraries: dict) -> None:
    """Describe Pillow by the files it loads; what is in no file of its own is in the extension."""
    folder = os.path.dirname(path)
    record.learn_present("version", _pillow_version, folder)
    for library, field in codec_files.FIELDS.items():
        if field != "png":  # Pillow reads PNG files by itself, with zlib
            found = record.learn(field, codec_files.stated, field, libraries.get(library) or path)
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
    codec_files.place(record, path, libraries)


def _unless_silent(record: Record, field: str, found: str, library: str) -> None:
    """A codec that is not there is a null; one whose file states no version is a gap."""
    if found is None and library:
        record.facts.pop(field, None)
        record.gap(field, "not stated: %s states no version" % library)


def _pillow_version(folder: str) -> str:
    for name in ("_version.py", "version.py", "__init__.py"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            text = read_bytes(path, 65536).decode("utf-8", "replace")
            match = re.search(PILLOW_VERSION, text)
            if match:
                return match.group(1)
    return None
