"""What a file is to a run, by its name and place: weights, config, data, code, library, system."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

WEIGHTS, CONFIG, DATA, CODE, LIBRARY, SYSTEM = (
    "weights", "config", "data", "code", "library", "system",
)  # fmt: skip
WEIGHT_ENDINGS = frozenset((
    ".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".onnx", ".gguf", ".ggml", ".pb", ".tflite",
    ".keras", ".pkl", ".pickle", ".joblib", ".model", ".engine", ".plan", ".msgpack", ".ptl",
))  # fmt: skip
CONFIG_ENDINGS = frozenset((".yaml", ".yml", ".toml", ".json", ".ini", ".cfg", ".conf", ".env"))
CODE_ENDINGS = frozenset((".py", ".pyc", ".pyi"))
# Either a model or a data set; the name has to say which.
EITHER_ENDINGS = frozenset((".h5", ".hdf5", ".npz"))
# Of these the name or the size decides, not the ending alone.
NAMED_ENDINGS = CONFIG_ENDINGS | EITHER_ENDINGS
MODEL_WORDS = re.compile(r"weight|model|checkpoint|ckpt", re.IGNORECASE)
SHARED_OBJECT = re.compile(r"\.so(\.\d+)*$")
KERNEL_PLACES = ("/proc/", "/sys/", "/dev/", "/run/")
SYSTEM_PLACES = (*KERNEL_PLACES, "/etc/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/")
INSTALLED = re.compile(r"/(?:site|dist)-packages/")
METADATA = (".dist-info/", ".egg-info/")  # of a distribution, wherever it is installed
ENTRIES = "entry_points.txt"  # outside of site-packages it says which plug-ins a project has
CACHED_CODE = re.compile(r"^(.*)/__pycache__/([^/]+)\.[a-z]+-\d+t?(?:\.opt-\d)?\.pyc$", re.DOTALL)
# A config that is longer looks like data; `capture --config` takes more, because it was named.
LARGEST_CONFIG = 64 << 10


def parts(prefixes: Iterable[str]) -> tuple[str, ...]:
    """What the path of a file of an interpreter, or of a virtual environment, begins with."""
    inside = ("lib", "lib64", "bin", "include", "pyvenv.cfg", "conda-meta")
    own = (prefix for prefix in prefixes if prefix not in ("", "/", "/usr"))
    return tuple(f"{prefix}{os.sep}{name}" for prefix in own for name in inside)


def classify(path: str, parts: tuple[str, ...]) -> str:
    """The class of a file; `parts` are of the interpreters that ran.

    A weight file is one wherever it lies, except where an installed distribution brings it along.
    """
    ending = os.path.splitext(path)[1].lower()
    if path.startswith(parts) or _is_installed(path):
        return LIBRARY
    if ending in WEIGHT_ENDINGS and not path.startswith(KERNEL_PLACES):
        return WEIGHTS
    if path.startswith(SYSTEM_PLACES):
        return SYSTEM
    if ending in EITHER_ENDINGS:
        return WEIGHTS if MODEL_WORDS.search(os.path.basename(path)) else DATA
    if ending in CODE_ENDINGS:
        return CODE
    name = os.path.basename(path)
    if ending in CONFIG_ENDINGS or name == ".env" or name.startswith(".env."):
        return CONFIG if _size(path) <= LARGEST_CONFIG else DATA
    return DATA


def _is_installed(path: str) -> bool:
    """Whether a file is a distribution's, or a shared object, by its name."""
    return bool(
        ("-packages/" in path and INSTALLED.search(path))
        or (
            "-info/" in path
            and not path.endswith(ENTRIES)
            and any(word in path for word in METADATA)
        )
        or (".so" in path and SHARED_OBJECT.search(path))
    )


def is_own_library(path: str, folder: str) -> bool:
    """Whether a library lies below the working folder, as one does that a project builds itself."""
    start = folder.rstrip(os.sep) + os.sep
    return (
        folder != os.sep
        and path.startswith(start)
        and SHARED_OBJECT.search(path) is not None
        and "-packages/" not in path
        and f"{os.sep}." not in path[len(start) - 1 :]
    )


class Classes:
    """The classes of many files: what their folder and their ending decide is asked once."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self._parts = parts
        self._starts = {part.rpartition(os.sep)[0] for part in parts}
        self._known: dict[tuple[str, str], str] = {}

    def of(self, path: str) -> str:
        """The class of a file, as `classify` gives it."""
        folder, _, name = path.rpartition(os.sep)
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and stem[0] != "." else os.path.splitext(name)[1]
        named = ".so" in name or name[:4] == ".env" or name == ENTRIES  # the name itself counts
        found = None if named else self._known.get((folder, ending))
        if named or (found is None and (folder in self._starts or ending.lower() in NAMED_ENDINGS)):
            return classify(path, self._parts)
        if found is None:
            found = self._known[folder, ending] = classify(path, self._parts)
        return found


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def source(path: str) -> str:
    """The source file of cached byte code: which of the two was read says nothing."""
    match = CACHED_CODE.match(path) if path.endswith(".pyc") else None
    return f"{match[1]}/{match[2]}.py" if match else path


def names(paths: Sequence[str], folder: str) -> dict[str, str]:
    """Name files so that the same ones meet in two runs: {path: name}.

    Below the working folder a file is named by its way from there; in a cache of Hugging Face by
    its repository and its name there; elsewhere by its last words, as few as tell it apart.
    """
    found: dict[str, str] = {}
    elsewhere = []
    start = folder.rstrip(os.sep) + os.sep
    for path in paths:
        inside = folder != os.sep and path.startswith(start)
        name = path[len(start) :] if inside else _in_hub(path)
        if name is None:
            elsewhere.append(path)
        else:
            found[path] = shown(name)
    taken = set(found.values())
    words = dict.fromkeys(elsewhere, 1)
    while True:
        named: dict[str, list[str]] = {}
        for path, count in words.items():
            named.setdefault(shown("/".join(path.split(os.sep)[-count:])), []).append(path)
        unclear = [
            path
            for name, same in named.items()
            if len(same) > 1 or name in taken
            for path in same
            if words[path] < path.count(os.sep)
        ]
        if not unclear:
            return {**found, **{path: name for name, same in named.items() for path in same}}
        for path in unclear:
            words[path] += 1


def _in_hub(path: str) -> str | None:
    """`models--org--name/file` for a file of a snapshot, whichever revision it is."""
    match = re.search(r"/((?:models|datasets|spaces)--[^/]+)/snapshots/[^/]+/(.+)$", path)
    return f"{match[1]}/{match[2]}" if match else None


def shown(path: str) -> str:
    """A path as text; bytes that are no UTF-8 become escapes."""
    if path.isascii():
        return path
    return os.fsencode(path).decode("utf-8", "backslashreplace")
