"""Sees which files of some folders are opened, whatever opens them: native code, another language.

It asks the kernel (inotify(7), by ctypes), needs no privilege, and does not say who opened a file:
what is seen was opened during the run. A folder is watched with those below it, up to a limit.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import struct
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import islice

OPENED, WRITABLE, READ = 0x20, 0x08, 0x10  # IN_OPEN, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE
CREATED, ARRIVED = 0x100, 0x80  # IN_CREATE, IN_MOVED_TO
FOLDER, OVERFLOW = 0x40000000, 0x4000  # IN_ISDIR, IN_Q_OVERFLOW
ONLY_FOLDERS, NO_LINKS = 0x01000000, 0x02000000  # IN_ONLYDIR, IN_DONT_FOLLOW
ASKED = OPENED | WRITABLE | READ | CREATED | ARRIVED | ONLY_FOLDERS
SYSTEM_PLACES = ("/proc", "/sys", "/dev", "/run", "/etc", "/usr", "/lib", "/bin", "/sbin")
EVENT = struct.Struct("iIII")
PIECE = 1 << 18
TOGETHER_MS = 4  # far less than what fills the queue of the kernel (16,384 events)
MOST_FOLDERS = 4096
MOST_ENTRIES = 200_000
MOST_FILES = 100_000
# Folders that hold what is described otherwise, or that change by themselves.
LEFT_OUT = frozenset((
    ".git", ".hg", ".svn", "__pycache__", "node_modules", "site-packages", "dist-packages",
    ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox", ".nox", ".ipynb_checkpoints",
))  # fmt: skip


class Watch:
    """Watches folders from its making to `stop`: files that were `opened`, and `written`.

    `gaps` says what it could not see.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self.opened: set[str] = set()
        self.written: set[str] = set()
        self.gaps: list[str] = []
        self._heard: dict[tuple[int, bytes], int] = {}  # folder and name as told: what happened
        self._began = time.time_ns()
        self._folders: dict[int, str] = {}
        self._watched: set[str] = set()
        self._new: list[str] = []
        self._entries = 0
        self._kernel = _kernel()
        self._descriptor = -1 if self._kernel is None else self._kernel.inotify_init1(os.O_CLOEXEC)
        if self._kernel is None or self._descriptor < 0:
            self.gaps.append("this system has no inotify, or no more of it")
            return
        for folder in folders:
            self._add_tree(os.path.realpath(folder))
        self._wake, self._bell = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take in what has happened so far, and watch no more."""
        if self._descriptor < 0:
            return
        os.write(self._bell, b".")
        self._thread.join()
        for descriptor in (self._descriptor, self._wake, self._bell):
            os.close(descriptor)
        self._descriptor = -1
        self.opened = set(self._files())
        self.written = set(self._results())
        if len(self._heard) > MOST_FILES:
            self._say(f"more than {MOST_FILES:,} files were opened")

    def _files(self) -> Iterator[str]:
        for (number, told), what in self._heard.items():
            folder, name = self._folders.get(number), told.rstrip(b"\0")
            if folder is None or not name or not what & (OPENED | READ):
                continue
            path = f"{folder.rstrip(os.sep)}{os.sep}{os.fsdecode(name)}"
            # Written and never read: a result, not something that the run was given.
            if not (what & WRITABLE and not what & READ and self._is_changed(path)):
                yield path

    def _results(self) -> Iterator[str]:
        """What was opened and written, linked, or put in its place, since the watch began.

        What was open before, as a log or the shell's redirection, is not among it.
        """
        for (number, told), what in self._heard.items():
            folder, name = self._folders.get(number), told.rstrip(b"\0")
            written = what & (ARRIVED | CREATED) or (what & OPENED and what & WRITABLE)
            if folder is not None and name and written:
                yield f"{folder.rstrip(os.sep)}{os.sep}{os.fsdecode(name)}"
        yield from self._in_new_folders()

    def _in_new_folders(self) -> Iterator[str]:
        """The changed files of folders that the run made: some were there before their watch was."""
        count = 0
        for folder in self._new:
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    if count > MOST_ENTRIES:
                        return
                    is_result = entry.is_symlink() or entry.is_file(follow_symlinks=False)
                    if is_result and self._is_changed(entry.path):
                        yield entry.path

    def _add_tree(self, folder: str) -> None:
        waiting = [folder]
        while waiting:
            place = waiting.pop()
            if place in self._watched or not self._add(place):
                continue
            with contextlib.suppress(OSError):
                waiting.extend(self._below(place))

    def _below(self, place: str) -> Iterator[str]:
        with os.scandir(place) as entries:
            for entry in entries:
                self._entries += 1
                if self._entries > MOST_ENTRIES:
                    self._say(f"more than {MOST_ENTRIES:,} files lie below the folders to watch")
                    return
                if entry.is_symlink():
                    yield from self._behind(entry.path, place)
                elif entry.is_dir() and not _is_left_out(entry.path, entry.name):
                    yield entry.path

    def _behind(self, link: str, place: str) -> Iterator[str]:
        """What a link leads to is opened where it lies."""
        real = os.path.realpath(link)
        if real == os.sep or real.startswith(SYSTEM_PLACES) or f"{place}/".startswith(f"{real}/"):
            return
        if os.path.isdir(real):
            yield real
        elif os.path.dirname(real) not in self._watched:
            self._add(os.path.dirname(real))

    def _add(self, place: str) -> bool:
        if len(self._watched) >= MOST_FOLDERS:
            self._say(f"only {MOST_FOLDERS:,} folders are watched")
            return False
        assert self._kernel is not None
        number = self._kernel.inotify_add_watch(self._descriptor, os.fsencode(place), ASKED)
        if number < 0:
            if ctypes.get_errno() == 28:  # ENOSPC: fs.inotify.max_user_watches
                self._say("the system allows no more watches (fs.inotify.max_user_watches)")
            return False
        self._watched.add(place)
        self._folders[number] = place
        return True

    def _say(self, gap: str) -> None:
        if gap not in self.gaps:
            self.gaps.append(gap)

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        pause = select.poll()
        pause.register(self._wake, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._descriptor in ready:
                self._take(os.read(self._descriptor, PIECE))
                pause.poll(TOGETHER_MS)  # events that come singly cost more than they tell
            elif self._wake in ready:
                return  # nothing is left to read

    def _take(self, data: bytes) -> None:
        # Two events come for every file that is opened: as little as possible is done to each.
        at, size, end, unpack, heard = 0, EVENT.size, len(data), EVENT.unpack_from, self._heard
        while at < end:
            number, what, _, length = unpack(data, at)
            at += size + length
            if what & (FOLDER | OVERFLOW):
                self._heed(number, what, data[at - length : at].rstrip(b"\0"))
                continue
            key = number, data[at - length : at]
            if key in heard:
                heard[key] |= what
            elif len(heard) <= MOST_FILES:
                heard[key] = what

    def _heed(self, number: int, what: int, name: bytes) -> None:
        if what & OVERFLOW:
            self._say("more was opened at once than the system could tell")
        folder = self._folders.get(number)
        if folder is None or not name or not what & (CREATED | ARRIVED):
            return
        path = os.path.join(folder, os.fsdecode(name))
        if not _is_left_out(path, os.path.basename(path)):
            known = len(self._folders)
            self._add_tree(path)
            self._new += islice(self._folders.values(), known, None)

    def _is_changed(self, path: str) -> bool:
        """Whether a file was changed since the watch began: a data base is opened for both."""
        try:
            return os.stat(path).st_mtime_ns >= self._began
        except OSError:
            return True


def _is_left_out(path: str, name: str) -> bool:
    """Whether a folder below a watched one is no part of what the run is given."""
    return name in LEFT_OUT or os.path.exists(os.path.join(path, "pyvenv.cfg"))


def _kernel() -> ctypes.CDLL | None:
    """The C library, where it has inotify."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return library if hasattr(library, "inotify_init1") else None
