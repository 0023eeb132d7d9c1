"""Where bisect keeps what it makes: a cache of ours, and a folder for each session.

`uv` holds what was downloaded, `images` the same for each image that trials run in (what is built for
one may not run in another), `bytecode` what was compiled, `logs` the trials. A session's folder
holds its environments and trials, and is locked for as long as its process lives, from before it has
its name until it is gone: what a dead one left is put right and removed by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import time
from collections.abc import Iterator

from envsnap.errors import InputError

MARK = "ENVSNAP_TRIAL"  # the variable that says which session a process belongs to
LARGEST = 10 << 30  # bytes
IN_USE = "in-use"
UNNAMED = "."  # how the name of a session begins that has no lock yet
OLD = 3600.0  # seconds after which nobody is about to lock it


class Store:
    """The cache of this user."""

    def __init__(self, root: str | None = None) -> None:
        self.root = root or os.path.join(_cache_home(), "envsnap", "bisect")
        self.uv = os.path.join(self.root, "uv")
        self.images = os.path.join(self.root, "images")
        self.bytecode = os.path.join(self.root, "bytecode")
        self.wheels = os.path.join(self.root, "wheels")
        self.logs = os.path.join(self.root, "logs")
        self.sessions = os.path.join(self.root, "sessions")
        try:
            for folder in (
                self.uv,
                self.images,
                self.bytecode,
                self.wheels,
                self.logs,
                self.sessions,
            ):
                os.makedirs(folder, mode=0o700, exist_ok=True)
            _require_ours(self.root)
        except OSError as error:
            raise InputError(
                f"{error.filename or self.root}: cannot be used as a cache: {error.strerror}; "
                "name another folder with XDG_CACHE_HOME"
            ) from None

    def caches(self) -> list[str]:
        """The folders of uv's: one for this machine, one an image."""
        return [self.uv, *(entry.path for entry in os.scandir(self.images) if entry.is_dir())]

    def size(self) -> int:
        """Bytes on the disk; what is linked counts once."""
        seen: set[tuple[int, int]] = set()
        total = 0
        for folder, _, names in os.walk(self.root):
            for name in names:
                with contextlib.suppress(OSError):
                    found = os.lstat(os.path.join(folder, name))
                    key = (found.st_dev, found.st_ino)
                    if key not in seen:
                        seen.add(key)
                        total += found.st_blocks * 512
        return total

    def shrink(self, largest: int) -> None:
        """Empty what can be fetched and compiled again where the cache is too large.

        Nothing is removed while a session of another process lives.
        """
        if any(self._dead_or_alive(alive=True)) or self.size() <= largest:
            return
        for folder in (self.uv, self.images, self.bytecode, self.wheels):
            remove(folder)
            os.makedirs(folder, mode=0o700, exist_ok=True)

    def dead(self) -> Iterator[str]:
        """Folders of sessions whose processes are gone."""
        return self._dead_or_alive(alive=False)

    def _dead_or_alive(self, *, alive: bool) -> Iterator[str]:
        for name in sorted(os.listdir(self.sessions)):
            folder = os.path.join(self.sessions, name)
            if name.startswith(UNNAMED):
                with contextlib.suppress(OSError):
                    if time.time() - os.stat(folder).st_mtime > OLD:
                        remove(folder)  # its process was killed before it had a lock
                continue
            try:
                lock = _locked(folder)
            except FileNotFoundError:  # it was closed meanwhile
                continue
            if (lock is None) is alive:
                yield folder
            if lock is not None:
                os.close(lock)


class Session:
    """A folder that belongs to this process until it is closed."""

    def __init__(self, store: Store) -> None:
        self.name = os.urandom(6).hex()
        self.folder = os.path.join(store.sessions, self.name)
        self.environments = os.path.join(self.folder, "environments")
        self.trials = os.path.join(self.folder, "trials")
        unnamed = os.path.join(store.sessions, f"{UNNAMED}{self.name}")
        for part in ("", "environments", "trials"):
            os.mkdir(os.path.join(unnamed, part), mode=0o700)
        self._lock = _locked(unnamed)
        os.rename(unnamed, self.folder)

    def close(self) -> None:
        """Remove everything that the session made beside the cache and its log."""
        remove(self.folder)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(folder: str) -> int | None:
    """A descriptor that holds the folder's lock; None where another process holds it.

    The folder itself is locked, not a file in it: that would be gone before the folder is.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _cache_home() -> str:
    named = os.environ.get("XDG_CACHE_HOME", "")
    return named if os.path.isabs(named) else os.path.join(os.path.expanduser("~"), ".cache")


def _require_ours(folder: str) -> None:
    """Refuse a folder that somebody else could write."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise InputError(
            f"{folder}: not a folder that only you can write to, and its files would be "
            "installed and run; name another cache with XDG_CACHE_HOME"
        )


def remove(folder: str) -> None:
    """Remove a tree, whatever modes its folders have."""

    def allow(_function: object, path: str, _error: object) -> None:
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)

    shutil.rmtree(folder, onerror=allow)


def end_processes(session: str) -> int:
    """End processes that carry a dead session's mark; their supervisor was killed before them."""
    mark = f"{MARK}={session}".encode()
    ended = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as stream:
                marked = mark in stream.read().split(b"\0")
            if marked:
                os.kill(int(name), signal.SIGKILL)
                ended += 1
        except OSError:
            continue
    return ended
