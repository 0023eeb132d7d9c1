"""Files among the distributions' own for which no RECORD answers, or not as they are.

A module put into a package, a library beside the module that it hides, code under a namespace, a
program that was edited: Python runs them all, and no version says so. On request only.
"""

import csv
import hashlib
import json
import os
import sys

from . import installed_files, ownership
from ..readers import dpkg
from ..record import hashed, read_bytes, shown

CODE = (".py", ".so", ".pyd", ".pyc", ".pth")
METADATA = (".dist-info", ".egg-info", ".egg")
SITE = ("site-packages", "dist-packages")
ACTIVATION = ("activate", "Activate", "deactivate")
MOST_NAMED = 100
OF_NOBODY = "cannot be read"


def find(sys_path: list, loose: dict) -> dict:
    """Return {name: sha256}; `loose` are the modules that are named as such already."""
    found, programs = {}, {}
    for folder in sys_path:
        if folder.rstrip("/\\").endswith(SITE) and os.path.isdir(folder):
            claims = _Claims(folder)
            programs.update(claims.programs)
            if _is_elsewhere(folder):
                found[os.path.basename(folder)] = os.path.realpath(folder)
            for path in _below(folder, claims, loose):
                found[shown(os.path.relpath(path, folder))] = path
    for path in _programs(programs):
        found["bin/" + shown(os.path.basename(path))] = path
    return {name: _digest(path) for name, path in sorted(found.items())[:MOST_NAMED]}


def _is_elsewhere(folder: str) -> bool:
    """Tell whether a folder of this environment is a link to outside of it."""
    inside = (folder + os.sep).startswith(os.path.join(sys.prefix, ""))
    return inside and not os.path.realpath(folder).startswith(
        os.path.join(os.path.realpath(sys.prefix), "")
    )


class _Claims:
    """What answers for the files of one folder of packages."""

    def __init__(self, folder: str) -> None:
        self.files = dpkg.files_under(folder)
        self.trees, self.programs = set(), {}
        for name in os.listdir(folder):
            if name.endswith(METADATA):
                self._add(folder, name)
        self.files |= _of_conda(folder)

    def _add(self, folder: str, name: str) -> None:
        own = os.path.join(folder, name)
        try:
            rows = list(csv.reader(_text(os.path.join(own, "RECORD")).splitlines()))
        except (OSError, csv.Error):
            stem = name.partition("-")[0]
            try:
                stated = _text(os.path.join(own, "top_level.txt"))
            except OSError:
                stated = ""
            self.trees.update([name] + ownership.stated_names(stem, stated))
            return
        for row in rows:
            path = os.path.normpath(os.path.join(folder, row[0])) if row else ""
            if path.startswith(folder.rstrip("/") + "/"):
                self.files.add(path)
            elif len(row) > 1 and row[1].startswith("sha256="):
                self.programs[path] = row[1][len("sha256=") :]


def _text(path: str) -> str:
    return read_bytes(path).decode("utf-8", "surrogateescape")


def _of_conda(folder: str) -> set:
    """Files that conda's packages brought into this folder."""
    meta, found = os.path.join(sys.prefix, "conda-meta"), set()
    if not os.path.isdir(meta):
        return found
    for name in os.listdir(meta):
        if name.endswith(".json"):
            try:
                files = json.loads(_text(os.path.join(meta, name))).get("files") or ()
            except (OSError, ValueError):
                continue
            found.update(os.path.join(sys.prefix, str(file)) for file in files)
    return {path for path in found if path.startswith(folder)}


def _below(root: str, claims: _Claims, loose: dict) -> list:
    found = []
    for folder, folders, files in os.walk(root):
        top = folder == root
        left_out = claims.trees | set(loose) if top else ()
        linked = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = [name for name in folders if name not in left_out and name != "__pycache__"]
        for name in files + linked:
            path = os.path.join(folder, name)
            # What lies in the folder itself and is no code is read by nobody.
            read = not top or name.endswith(CODE + (".egg-link",))
            if read and name not in left_out and path not in claims.files:
                found.append(path)
    return found


def _programs(stated: dict) -> list:
    """Programs of a virtual environment that are not as RECORD states, or of nobody."""
    folder = os.path.join(sys.prefix, "bin")
    if sys.prefix == sys.base_prefix or not os.path.isdir(folder):
        return []
    own = os.path.realpath("/proc/self/exe" if os.path.exists("/proc/self/exe") else sys.executable)
    found = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isdir(path) or name.startswith(ACTIVATION):
            continue
        if name.startswith("python") and _is_interpreter(path, own):
            continue
        if path not in stated or not _is_recorded(path, stated[path]):
            found.append(path)
    return found


def _is_interpreter(path: str, own: str) -> bool:
    """Tell whether a program is the Python that runs: linked to it, or a copy."""
    return os.path.realpath(path) == own or _digest(path) == _digest(own)


def _is_recorded(path: str, stated: str) -> bool:
    try:
        return installed_files.as_recorded(path) == stated
    except OSError:
        return False


def _digest(path: str) -> str:
    try:
        return hashed(path, hashlib.sha256()).hexdigest()
    except OSError:
        return OF_NOBODY
