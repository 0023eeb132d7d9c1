"""The files of all processes of a run together: one entry a file, with everybody who saw it."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from operator import attrgetter

from msgspec import Struct, field

from envsnap.observe import classes
from envsnap.observe.journals import Process

DELETED = " (deleted)"
COUNTED = classes.LIBRARY, classes.SYSTEM  # thousands of files, of which nobody asks the names
HERE = os.path.join(os.path.dirname(__file__), "")
MOST_LISTED, MOST_NAMES = 200, 20_000  # folders, and names of one
FEW, LISTED_EACH = (
    16,
    64,
)  # so many files of a folder are asked for singly; then so many are listed for each


class File(Struct, kw_only=True):
    """A file that was opened for reading: how it was called, where it lies, who saw it."""

    path: str
    real: str
    kind: str = ""
    name: str = ""
    seen_by: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)  # size, mtime and ctime in ns, at each opening
    plain: bool = False  # it is there, a regular file and no link
    changed: int | None = None  # its ctime in ns, where the system was asked
    was: tuple[str, int] | None = (
        None  # SHA-256 and size of what was read, where it was written later
    )
    unsure: bool = False  # it was written during the run, and nobody knows whether before


PATH = attrgetter("path")


class Listing(Struct, frozen=True, kw_only=True):
    """A folder whose names were asked for: those that it had when the run began, as they are listed."""

    path: str
    name: str
    names: tuple[str, ...]


class Files(Struct, kw_only=True):
    """All files of a run, by class; what it made itself is counted."""

    by_class: dict[str, list[File]]
    made: int
    listed: tuple[Listing, ...] = ()


def gather(processes: Sequence[Process], watched: set[str], folder: str, began: int) -> Files:
    """Join what the processes and the folders' watch saw.

    `folder` is the working folder that names start from, `began` the time in ns since 1970 since
    when a new file is one of the run's own.
    """
    found = _joined(processes, watched)
    prefixes = classes.parts({prefix for process in processes for prefix in process.prefixes})
    kinds = classes.Classes(prefixes)
    by_class: dict[str, list[File]] = {}
    made = 0
    for entry in sorted(found.values(), key=PATH):
        entry.kind = _kind(entry, kinds, folder)
        if entry.real.startswith(HERE) or not (entry.plain or _is_known(entry)):
            continue
        new = _is_new(entry, began)
        entry.unsure = new and not entry.states
        if entry.kind != classes.WEIGHTS and new:
            made += 1
        else:
            by_class.setdefault(entry.kind, []).append(entry)
    for kind, group in by_class.items():
        if kind in COUNTED:
            continue
        given = classes.names([entry.path for entry in group], folder)
        for entry in group:
            entry.name = given[entry.path]
        group.sort(key=lambda item: item.name)
    listed = sorted({path for process in processes for path in process.listed})
    return Files(by_class=by_class, made=made, listed=_listed(listed, kinds, folder, began))


def _kind(entry: File, kinds: classes.Classes, folder: str) -> str:
    """The class of a file; a library that a project builds itself is data of its own."""
    kind = kinds.of(entry.path)
    is_own = kind == classes.LIBRARY and classes.is_own_library(entry.real, folder)
    return classes.DATA if is_own else kind


def _listed(
    paths: Sequence[str], kinds: classes.Classes, folder: str, began: int
) -> tuple[Listing, ...]:
    """The names of folders of data, without those that the run has made, or that we have."""
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        if kinds.of(os.path.join(path, "file")) in COUNTED or len(found) == MOST_LISTED:
            continue
        try:
            with os.scandir(path) as entries:
                some = list(itertools.islice(entries, MOST_NAMES + 1))
            old = [entry.name for entry in some if _is_given(entry, began)]
        except OSError:
            continue  # a folder of the run's own, gone by now
        if len(some) <= MOST_NAMES:
            found[path] = tuple(old)
    given = classes.names([path for path in found if path != folder], folder)
    return tuple(
        Listing(path=path, name=given.get(path, "."), names=names) for path, names in found.items()
    )


def _is_given(entry: os.DirEntry[str], began: int) -> bool:
    """Whether a name was there before the run, and is neither a cache of Python's nor a recording."""
    if entry.name == "__pycache__" or entry.name.endswith(".esr"):
        return False
    return entry.stat(follow_symlinks=False).st_ctime_ns < began


def _joined(processes: Sequence[Process], watched: set[str]) -> dict[str, File]:
    """Every file that anybody saw, by its real path."""
    found = _Entries()
    for process in processes:
        for path, witnesses in process.reads.items():
            entry = found.of(path)
            entry.states.update(witnesses.values())
            entry.seen_by.update(witnesses)
        for path, (digest, state) in process.was.items():
            known = process.reads.get(path, {}).values()
            if any(item.startswith(state) for item in known):  # nobody wrote it in between
                found.of(path).was = digest, int(state.partition(":")[0])
        for path in process.code:
            found.of(classes.source(path)).seen_by.add("audit")
        for path in process.libraries:
            found.of(path).seen_by.add("audit")
        for path in process.mapped:
            found.of(path.removesuffix(DELETED)).seen_by.add("maps")
    for path in watched:
        entry = found.known(path) or found.of(classes.source(_in_snapshot(path)))
        entry.seen_by.add("inotify")
    return found.by_real


class _Entries:
    """One entry a file, whatever it was called; the name that the code used first stays."""

    def __init__(self) -> None:
        self.by_real: dict[str, File] = {}
        self._by_name: dict[str, File] = {}
        self._folders: dict[str, _Folder] = {}  # what resolving costs, it costs once a folder
        self._real: dict[str, str] = {}

    def known(self, path: str) -> File | None:
        """The entry of a file that somebody opened by this very name before."""
        return self._by_name.get(path)

    def of(self, path: str) -> File:
        """The entry of a file that somebody opened by this name."""
        known = self._by_name.get(path)
        if known is None:
            path_now = os.path.normpath(path)
            place, _, name = path_now.rpartition(os.sep)
            folder = self._folders.get(place)
            if folder is None:
                folder = self._folders[place] = _Folder(self._resolved(place))
            real, plain, changed = folder.start + name, folder.has(name), None
            if not plain:
                facts = _asked(path_now)
                if facts is not None and stat.S_ISLNK(facts.st_mode):
                    real = os.path.realpath(path_now)
                elif facts is not None and stat.S_ISREG(facts.st_mode):
                    plain, changed = True, facts.st_ctime_ns
            known = self.by_real.get(real)
            if known is None:
                known = self.by_real[real] = File(
                    path=path_now, real=real, plain=plain, changed=changed
                )
            self._by_name[path] = known
        return known

    def _resolved(self, place: str) -> str:
        """The real path of a folder; those above it are resolved once for all that lie below."""
        real = self._real.get(place)
        if real is None:
            above, _, name = place.rpartition(os.sep)
            start = self._resolved(above).rstrip(os.sep) if above else ""
            real = f"{start}{os.sep}{name}"
            if os.path.islink(real):
                real = os.path.realpath(real)
            self._real[place] = real
        return real


def _asked(path: str) -> os.stat_result | None:
    """What the system says of a name; None: nothing is there."""
    try:
        return os.lstat(path)
    except OSError:
        return None


class _Folder:
    """A folder in which files were opened: of many, the system is asked together."""

    def __init__(self, path: str) -> None:
        self.start = os.path.join(path, "")
        self._asked = 0
        self._files: set[str] = set()
        self._rest: Iterator[os.DirEntry[str]] | None = None
        self._read = 0

    def has(self, name: str) -> bool:
        """Whether a name is known to be a regular file and no link; a large folder is read in part."""
        if name in self._files:
            return True
        self._asked += 1
        if self._asked < FEW:
            return False
        if self._rest is None:
            try:
                self._rest = os.scandir(self.start)
            except OSError:
                self._rest = iter(())
        more = self._asked * LISTED_EACH - self._read
        for entry in itertools.islice(self._rest, more):
            self._read += 1
            if entry.is_file(follow_symlinks=False):
                self._files.add(entry.name)
        return name in self._files


def _in_snapshot(path: str) -> str:
    """The name of a blob of a Hugging Face cache in a snapshot: the kernel only sees the blob."""
    folder, name = os.path.split(path)
    snapshots = os.path.join(os.path.dirname(folder), "snapshots")
    if os.path.basename(folder) != "blobs" or not os.path.isdir(snapshots):
        return path
    for place, _, names in sorted(os.walk(snapshots)):
        for link in sorted(names):
            full = os.path.join(place, link)
            if os.path.islink(full) and os.path.basename(os.readlink(full)) == name:
                return full
    return path


def _is_known(entry: File) -> bool:
    """Whether this is a regular file, or was one: a library that looks for a file is no reader."""
    if entry.plain or os.path.isfile(entry.real):
        return True
    return bool(entry.states or "inotify" in entry.seen_by) and not os.path.exists(entry.real)


def _is_new(entry: File, began: int) -> bool:
    """Whether the run made this file: it was not there, or was changed, before it was read."""
    if entry.states:
        return all(int(state.rpartition(":")[2]) >= began for state in entry.states)
    if entry.changed is not None:
        return entry.changed >= began
    try:
        return os.stat(entry.real).st_ctime_ns >= began
    except OSError:
        return False
