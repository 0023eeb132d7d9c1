"""Whether what a trial installs is what was captured, and from which wheels it is taken.

One name and one version may be several files: a wheel that was built again, two builds side by
side, a package of one's own beside one of the same name. RECORD tells them from one another.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping

from envsnap.bisection.sides import Side
from envsnap.image.locking import wheels
from envsnap.model.reading import stated
from envsnap.targets import wheel_record
from envsnap.wording import few

MOST = 6
NOBODY_S = ("sitecustomize.py", "usercustomize.py")  # start-up code that no distribution brings
OTHER_FILES = "what can be installed under its version has other files than what was captured"
ALTERED = "its files were altered after it was installed, which no trial has"


class Captured:
    """What both sides state of the files of their distributions, and what was installed instead."""

    def __init__(self, good: Side, bad: Side) -> None:
        self._expected: dict[tuple[str, str], set[str]] = {}
        self._unlike: dict[str, str] = {}
        for side in (good, bad):
            is_here = _is_of_this_machine(side)
            for name, found in side.packages.items():
                if found.record is not None and (is_here or found.is_pure):
                    self._expected.setdefault((name, found.version), set()).add(found.record)
                if found.is_altered:
                    self._unlike[name] = ALTERED
        places = (
            os.path.basename(place)
            for side in (good, bad)
            for place in stated(side.manifest, "python", "startup_code") or ()
        )
        self._code = sorted({name for name in places if name in NOBODY_S})

    def check(self, name: str, version: str, record: Iterable[str], folder: str) -> None:
        """Compare an installed RECORD with what was captured of this version."""
        expected = self._expected.get((name, version))
        if not expected:
            return
        data = "\n".join(record).encode("utf-8", "surrogateescape")
        found = wheel_record.digest(data, folder)
        if found not in expected:
            self._unlike.setdefault(name, OTHER_FILES)

    def is_one(self, name: str, version: str, path: str) -> bool:
        """Whether a wheel is what was captured; True where nobody knows."""
        expected = self._expected.get((name, version))
        return not expected or wheels.record_digest(path) in expected

    @property
    def unlike(self) -> Mapping[str, str]:
        """The distributions whose files were not rebuilt as they were captured, and why."""
        return self._unlike

    def notes(self) -> list[str]:
        """What trials did not have as it was captured."""
        told = []
        for why in (OTHER_FILES, ALTERED):
            names = sorted(name for name, said in self._unlike.items() if said == why)
            if names:
                told.append(f"not as captured: {few(names, MOST)}: {why}")
        if self._code:
            told.append(
                f"Python's start-up code ({few(self._code, MOST)}) was captured and is in no trial"
            )
        return told


def _is_of_this_machine(side: Side) -> bool:
    """Whether the wheels of a side are those that this machine installs."""
    architecture = stated(side.manifest, "system", "architecture")
    name = stated(side.manifest, "system", "platform")
    return architecture in (None, platform.machine()) and name in (None, sys.platform)


def taken_from(folder: str | None, root: str, captured: Captured) -> str | None:
    """The folder below `root` that trials take wheels from: those of `folder`, without other builds.

    Its name is made of what its files are, so that no cache takes one that was replaced for the
    one that it was.
    """
    if folder is None or not os.path.isdir(folder):
        return folder
    chosen = _chosen(folder, captured)
    states = [(name, os.stat(path)) for name, path in sorted(chosen.items())]
    told = json.dumps([(name, found.st_size, found.st_mtime_ns) for name, found in states])
    made = os.path.join(root, hashlib.sha256(told.encode()).hexdigest()[:16])
    if not os.path.isdir(made):
        os.makedirs(root, mode=0o700, exist_ok=True)
        begun = f"{made}.{os.getpid()}"
        os.mkdir(begun, mode=0o700)
        for name, path in chosen.items():
            _link(path, os.path.join(begun, name))
        with contextlib.suppress(OSError):  # another session has made it meanwhile
            os.rename(begun, made)
        shutil.rmtree(begun, ignore_errors=True)
    return made


def _chosen(folder: str, captured: Captured) -> dict[str, str]:
    """The files of a folder by name; of several builds of one version those that were captured."""
    chosen: dict[str, str] = {}
    builds: dict[tuple[str, str], dict[str, str]] = {}
    for entry in os.scandir(folder):
        if not entry.is_file():
            continue
        try:
            wheel = wheels.Named(entry.name)
        except ValueError:
            chosen[entry.name] = entry.path  # an archive of sources
            continue
        builds.setdefault((wheel.name, wheel.version), {})[entry.name] = entry.path
    for (name, version), paths in builds.items():
        right = {
            file: path
            for file, path in paths.items()
            if len(paths) > 1 and captured.is_one(name, version, path)
        }
        chosen.update(right or paths)
    return chosen


def _link(path: str, place: str) -> None:
    try:
        os.link(path, place, follow_symlinks=True)
    except OSError:
        shutil.copy2(path, place)
