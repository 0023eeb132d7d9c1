"""What lies in an environment, and whether it is as RECORD states."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from collections.abc import Iterator

from msgspec import Struct

WITNESS = ("_envsnap_trial.pth", "_envsnap_trial.py")


class Stamp(Struct, frozen=True):
    """What shows that a file was written to: inode, size and two times in nanoseconds."""

    inode: int
    size: int
    modified: int
    changed: int


class Recorded(Struct, frozen=True):
    """A file that a distribution installed: whose it is, and its SHA-256 as RECORD spells it."""

    distribution: str
    sha256: str


class Look(Struct, frozen=True, kw_only=True):
    """What a look at an environment found that is not as it was.

    `altered` names distributions whose files differ from RECORD, `stray` files that nobody
    installed, `bytecode` files of byte code that were made meanwhile, `rewritten` such files of
    ours that were written to.
    """

    altered: tuple[str, ...]
    stray: tuple[str, ...]
    bytecode: tuple[str, ...]
    rewritten: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether the environment can be used again."""
        return not (self.altered or self.stray or self.rewritten)


class Installed:
    """The files below `root`, the environment's folder; those in `site` are installed ones."""

    def __init__(self, root: str, site: str) -> None:
        self.root, self.site = root, site
        self.recorded: dict[str, Recorded] = {}
        self.bytecode: dict[str, str] = {}  # SHA-256 of what was linked, by path
        self.distributions: dict[str, str] = {}  # name of the .dist-info folder -> key
        self._read_records()
        self._stamps: dict[str, Stamp] = {}

    def _read_records(self) -> None:
        for name in sorted(os.listdir(self.site)):
            if not name.endswith(".dist-info"):
                continue
            try:
                with open(os.path.join(self.site, name, "RECORD"), "rb") as stream:
                    data = stream.read()
            except OSError:
                continue
            rows = [
                row
                for row in csv.reader(data.decode("utf-8", "replace").splitlines())
                if len(row) == 3
            ]
            key = f"{name.removesuffix('.dist-info')}-{_digest(rows)}"
            self.distributions[name] = key
            for row in rows:
                path = os.path.relpath(os.path.join(self.site, row[0]), self.root)
                self.recorded[path] = Recorded(key, row[1])

    def look(self) -> Look:
        """Compare everything with what was there at first; files in doubt are read."""
        altered: set[str] = set()
        stray, made, rewritten = [], [], []
        now = dict(self._scan())
        for path in {**self._stamps, **now}:
            before, after = self._stamps.get(path), now.get(path)
            if before == after:
                continue
            if _is_bytecode(path):
                if before is None:
                    made.append(path)
                elif not self._as_linked(path, before, after):
                    rewritten.append(path)
            elif path not in self.recorded:
                if before is None or after is None or _differs(before, after):
                    stray.append(path)
            elif after is None or not self._as_recorded(path):
                altered.add(self.recorded[path].distribution)
        if not (altered or stray or made or rewritten):
            self._stamps = now  # what is in doubt was read
        return Look(
            altered=tuple(sorted(altered)),
            stray=tuple(sorted(stray)),
            bytecode=tuple(sorted(made)),
            rewritten=tuple(sorted(rewritten)),
        )

    def altered(self) -> tuple[str, ...]:
        """Read every file that has a digest, and name the distributions that differ from it."""
        return tuple(
            sorted(
                {
                    of.distribution
                    for path, of in self.recorded.items()
                    if not self._as_recorded(path)
                }
            )
        )

    def accept(self) -> None:
        """Take what is there now for what was there at first."""
        self._stamps = dict(self._scan())

    def _as_recorded(self, path: str) -> bool:
        """Whether a file has RECORD's digest; one without a digest cannot be told."""
        algorithm, _, expected = self.recorded[path].sha256.partition("=")
        if algorithm not in ("sha256", "sha384", "sha512"):
            return True
        try:
            with open(os.path.join(self.root, path), "rb") as stream:
                found = hashlib.file_digest(stream, algorithm).digest()
        except OSError:
            return False
        return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == expected.rstrip("=")

    def _as_linked(self, path: str, before: Stamp, after: Stamp | None) -> bool:
        """Whether byte code of ours is what it was; another link to it changes its time as well."""
        if after is None or _differs(before, after):
            return False
        with open(os.path.join(self.root, path), "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == self.bytecode.get(path)

    def _scan(self) -> Iterator[tuple[str, Stamp]]:
        waiting = [self.root]
        start = len(self.root) + 1
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        found = entry.stat(follow_symlinks=False)
                        stamp = Stamp(
                            found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
                        )
                        yield entry.path[start:], stamp

    def owner(self, path: str) -> str | None:
        """The distribution that a file of byte code belongs to: the one that has its source."""
        folder, name = os.path.split(path)
        source = os.path.join(os.path.dirname(folder), f"{name.partition('.')[0]}.py")
        found = self.recorded.get(source)
        return found.distribution if found is not None else None


def _digest(rows: list[list[str]]) -> str:
    """What was installed, but for scripts: their first line names the environment."""
    inside = sorted(",".join(row) for row in rows if not row[0].startswith(("..", "/")))
    return hashlib.sha256("\n".join(inside).encode()).hexdigest()[:16]


def _is_bytecode(path: str) -> bool:
    return path.endswith(".pyc") and os.path.basename(os.path.dirname(path)) == "__pycache__"


def _differs(before: Stamp, after: Stamp) -> bool:
    """Another link to the same file changes its time of change, and nothing else."""
    return (before.inode, before.size, before.modified) != (after.inode, after.size, after.modified)
