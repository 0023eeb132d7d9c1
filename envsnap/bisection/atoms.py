"""What can be varied between two sides, one difference at a time, and what is held equal."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from envsnap.bisection.files import File
from envsnap.bisection.sides import Side
from envsnap.changes import walk
from envsnap.changes.change import Change, ChangeKind
from envsnap.intake.messages import clean_message
from envsnap.model.paths import Path, text
from envsnap.redact import digests


class Kind(StrEnum):
    """What sort of difference it is."""

    PACKAGE = "package"
    VARIABLE = "variable"
    CONFIG = "config"  # one path of a config file
    FILE = "file"  # a file as a whole
    LOCALE = "locale"
    TIMEZONE = "timezone"
    THREADS = "threads"
    PROCESSORS = "processors"


class Atom(Struct, frozen=True, kw_only=True):
    """The smallest difference that is applied or left. A side without it has None.

    `path` names the fact, `name` the distribution, the variable or the file; `inner` is the path
    inside a config file.
    """

    kind: Kind
    path: Path
    name: str
    good: Any
    bad: Any
    inner: tuple[Any, ...] = ()

    @property
    def title(self) -> str:
        """The path in text."""
        return text(self.path)


class Held(Struct, frozen=True, kw_only=True):
    """A difference that is not varied, and why; `follows` where an atom brings it along."""

    path: Path
    good: Any
    bad: Any
    why: str
    follows: bool = False


# Every trial has its own of these, so that none sees what another left.
OWN = re.compile(
    r"PATH|HOME|PWD|OLDPWD|TMPDIR|TMP|TEMP|XDG_\w+|HF_HOME|TORCH_HOME|VIRTUAL_ENV|CONDA_\w+"
    r"|PYTHONHOME|PYTHONUSERBASE|PYTHONPYCACHEPREFIX|\w*CACHE(?:_DIR|_PATH|_HOME)?|ENVSNAP_\w+"
    r"|UV_\w+|PIP_\w+"
)
LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
THREAD_VARIABLES = ("OMP_NUM_THREADS",)
NOT_IN_MANIFEST = "its contents are not in a manifest; name both versions with --file NAME=GOOD:BAD"
HOST = "it belongs to the machine"
OTHERWISE = {
    "wanted": "a requirements file says what is wanted; what is installed is varied",
    "seeds": "a program sets it; vary the config or the variable that it is read from",
    "git": "it is the revision of the code, which is not varied",
    "determinism": "a program sets it",
    "identity": "it names the host",
}
# Facts that follow from variables, distributions and files, and need no atom of their own.
FOLLOWS = (
    ("python", "optimize"), ("python", "utf8_mode"), ("python", "startup_code"),
    ("system", "encoding"), ("system", "filesystem_encoding"), ("system", "locale_installed"),
    ("system", "locale"), ("system", "timezone"), ("frameworks",), ("codecs",), ("determinism",),
    ("packages",), ("process",), ("files",),
)  # fmt: skip


class Differences:
    """The atoms of two sides, and everything that is held equal."""

    def __init__(self, good: Side, bad: Side, files: Iterable[File]) -> None:
        self._good, self._bad = good, bad
        self._files = {file.name: file for file in files}
        self._changes = walk.compare(good.manifest, bad.manifest).changes
        self._changed = {change.path for change in self._changes}
        self.held: list[Held] = []
        found = [*self._packages(), *self._variables(), *self._of_files(), *self._settings()]
        self.atoms = tuple(found)
        self._hold_rest()

    def _packages(self) -> Iterator[Atom]:
        """One a distribution whose version differs, or that one side lacks."""
        unknown = self._unknown("packages")
        for name in sorted({**self._good.packages, **self._bad.packages}):
            good, bad = self._good.packages.get(name), self._bad.packages.get(name)
            versions = [side.version if side is not None else None for side in (good, bad)]
            if versions[0] == versions[1]:
                continue
            obstacle = next((side.obstacle for side in (good, bad) if side and side.obstacle), None)
            if None in versions and (name in unknown or () in unknown):
                obstacle = "one side could not tell whether it is installed"
            path = ("packages", name)
            if obstacle is not None:
                self._hold(path, versions[0], versions[1], obstacle)
                continue
            yield Atom(kind=Kind.PACKAGE, path=path, name=name, good=versions[0], bad=versions[1])

    def _unknown(self, section: str) -> set[Any]:
        """Keys of a section of which one side could not tell; () for the whole section."""
        found: set[Any] = set()
        for change in self._changes:
            if change.path[0] == section and change.kind is ChangeKind.UNKNOWN:
                found.add(change.path[1] if len(change.path) > 1 else ())
        return found

    def _variables(self) -> Iterator[Atom]:
        unknown = self._unknown("env_vars")
        names = {**self._good.variables, **self._bad.variables}
        for name in sorted(names):
            good, bad = self._good.variables.get(name), self._bad.variables.get(name)
            if good == bad:
                continue
            path = ("env_vars", name)
            if OWN.fullmatch(name):
                self._hold(path, good, bad, "every trial has its own")
            elif name in unknown or () in unknown:
                self._hold(path, good, bad, "one side does not state its value")
            else:
                yield Atom(kind=Kind.VARIABLE, path=path, name=name, good=good, bad=bad)
        for name in sorted(self._good.names ^ self._bad.names):
            if name not in names and not OWN.fullmatch(name):
                self._hold(("env_vars", name), None, None, "its value is not in the manifest")
        for name in sorted({*self._good.secrets, *self._bad.secrets} - {*names}):
            good, bad = self._good.secrets.get(name, ""), self._bad.secrets.get(name, "")
            if not digests.agree(good, bad):
                self._hold(("env_vars", name), None, None, "its value was left out as a secret")

    def _of_files(self) -> Iterator[Atom]:
        for file in self._files.values():
            path = (self._section_of(file.name), file.name)
            if file.mixed is None:
                good, bad = (f"sha256 {side.sha256[:16]}" for side in (file.good, file.bad))
                yield Atom(kind=Kind.FILE, path=path, name=file.name, good=good, bad=bad)
                continue
            for inner, (good, bad) in file.shown().items():
                yield Atom(
                    kind=Kind.CONFIG, name=file.name, good=good,
                    path=(*path, *(clean_message(str(key)).removeprefix("export ") for key in inner)),
                    bad=bad, inner=inner,
                )  # fmt: skip

    def _section_of(self, name: str) -> str:
        """Where the manifests keep a file of this name."""
        for section in ("configs", "weights", "files", "data"):
            if any(path[:2] == (section, name) for path in self._changed):
                return section
        file = self._files[name]
        return "configs" if file.mixed is not None else "files"

    def _settings(self) -> Iterator[Atom]:
        """Locale, time zone and threads, where no variable says them already."""
        facts = {change.path: change for change in self._changes if _both(change)}
        zone = facts.get(("system", "timezone"))
        if zone is not None and not self._set("TZ"):
            yield _setting(Kind.TIMEZONE, zone, "TZ")
        locale = facts.get(("system", "locale"))
        if locale is not None and not any(self._set(name) for name in LOCALE_VARIABLES):
            yield _setting(Kind.LOCALE, locale, "LC_ALL")
        yield from self._threads(facts)

    def _threads(self, facts: Mapping[Path, Change]) -> Iterator[Atom]:
        processors = facts.get(("system", "cpus_usable"))
        if processors is not None and hasattr(os, "sched_getaffinity"):
            here = len(os.sched_getaffinity(0))
            if all(0 < side <= here for side in (processors.reference, processors.other)):
                yield _setting(Kind.PROCESSORS, processors, "cpus_usable")
        threads = facts.get(("determinism", "threads")) or facts.get(
            ("frameworks", "torch", "threads")
        )
        if threads is not None and not any(self._set(name) for name in THREAD_VARIABLES):
            yield _setting(Kind.THREADS, threads, "OMP_NUM_THREADS")

    def _set(self, name: str) -> bool:
        return name in self._good.variables or name in self._bad.variables

    def _hold_rest(self) -> None:
        """Everything else that differs is held equal, and said."""
        done = {atom.path for atom in self.atoms} | {held.path for held in self.held}
        names = {name for atom in self.atoms for name in (atom.path[:2],)}
        for change in self._changes:
            path = change.path
            if path in done or path[:2] in names or path[:2] in done:
                continue
            why, follows = self._reason(change)
            self._hold(path, change.reference, change.other, why, follows=follows)

    def _reason(self, change: Change) -> tuple[str, bool]:
        path = change.path
        if change.kind is ChangeKind.UNKNOWN:
            return f"one side does not know it ({change.reason})", False
        if path[:2] == ("packages", "claimed_twice"):
            return "files that two distributions install: the order of installation is not rebuilt", False  # fmt: skip
        if path[0] == "packages" and len(path) > 2:
            return "another build of the same version: an index has one at most", False
        if path[0] in ("configs", "weights", "files", "data"):
            return NOT_IN_MANIFEST, False
        if path[:2] == ("python", "version") or path[0] in ("tools", "python"):
            return "Python is held equal in this version", any(
                path[: len(prefix)] == prefix for prefix in FOLLOWS
            )
        if any(path[: len(prefix)] == prefix for prefix in FOLLOWS):
            return "it follows from what is varied", True
        return OTHERWISE.get(path[0], HOST), False

    def _hold(self, path: Path, good: Any, bad: Any, why: str, *, follows: bool = False) -> None:
        self.held.append(Held(path=path, good=good, bad=bad, why=why, follows=follows))


def _both(change: Change) -> bool:
    """Whether both sides state the fact."""
    return change.kind is ChangeKind.CHANGED and None not in (change.reference, change.other)


def _setting(kind: Kind, change: Change, name: str) -> Atom:
    return Atom(kind=kind, path=change.path, name=name, good=change.reference, bad=change.other)
