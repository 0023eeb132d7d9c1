"""What lies in an environment, and whether it is as RECORD states.

A file that was not touched since the environment was last trusted is as it was: the kernel sets a
file's time of change, and no program can set it back. What was touched is read.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import time
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from envsnap.knowledge.names import canonical

WITNESS = ("_envsnap_trial.pth", "_envsnap_trial.py")
MARK = ".envsnap-trusted"


def named(distribution: str) -> tuple[str, str]:
    """Canonical name and version of a distribution, by its metadata folder or the key made of it."""
    stem, _, version = distribution.removesuffix(".dist-info").partition("-")
    return canonical(stem), version


class Recorded(Struct, frozen=True):
    """A file that a distribution installed: whose it is, and its digest as RECORD spells it."""

    distribution: str
    digest: str


class Look(Struct, frozen=True, kw_only=True):
    """What a look at an environment found that is not as it was.

    `altered` names distributions whose files differ from RECORD, `stray` files that nobody
    installed or that are gone, `bytecode` files of byte code that were made meanwhile, `rewritten`
    such files of ours that were written to.
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
    """The files below `root`, the environment's folder; those in `site` are installed ones.

    `bytecode` holds the SHA-256 of the byte code that was linked, by path. `distributions` maps
    names of metadata folders to keys that tell what was installed from one another.
    """

    def __init__(self, root: str, site: str) -> None:
        self.root, self.site = root, site
        self.inner = os.path.relpath(site, root)
        self.bytecode: dict[str, str] = {}
        self._records = dict(self._read_records())
        self.distributions = {
            name: f"{name.removesuffix('.dist-info')}-{_digest(lines)}"
            for name, lines in self._records.items()
        }
        self._since = 0

    def _read_records(self) -> Iterator[tuple[str, list[str]]]:
        for name in sorted(os.listdir(self.site)):
            if not name.endswith(".dist-info"):
                continue
            try:
                with open(os.path.join(self.site, name, "RECORD"), encoding="utf-8") as stream:
                    yield name, stream.read().splitlines()
            except (OSError, UnicodeDecodeError):
                continue

    @cached_property
    def recorded(self) -> dict[str, Recorded]:
        """Every installed file by its path below `root`."""
        found: dict[str, Recorded] = {}
        for name in self._records:
            key = self.distributions[name]
            for place, digest in self.files(name).items():
                found[place] = Recorded(key, digest)
        return found

    def files(self, name: str) -> dict[str, str]:
        """Digests of a metadata folder's RECORD by path below `root`."""
        return {self._place(path): digest for path, digest in map(_row, self._records[name])}

    def lines(self, name: str) -> dict[str, str]:
        """The lines of a metadata folder's RECORD by path below `root`."""
        return {self._place(_row(line)[0]): line for line in self._records[name]}

    def record(self, name: str) -> list[str]:
        """A metadata folder's RECORD."""
        return self._records[name]

    def _place(self, path: str) -> str:
        """A path of RECORD below `root`."""
        if path.startswith("..") or os.path.isabs(path):
            return os.path.relpath(os.path.join(self.site, path), self.root)
        return f"{self.inner}{os.sep}{path}"

    def paths(self) -> list[str]:
        """Every file that is there, by its path below `root`."""
        return [path for path, _ in self._scan()]

    def trust(self) -> None:
        """Take what is there now for right: what is touched from now on is in doubt.

        The kernel's clock moves in steps; the next one is waited for, so that nothing made before
        has the time of something made later.
        """
        mark = os.path.join(self.root, MARK)
        with open(mark, "ab"):
            os.utime(mark)
        now = os.stat(mark).st_ctime_ns
        self._since = now
        while self._since == now:
            time.sleep(0.001)
            os.utime(mark)
            self._since = os.stat(mark).st_ctime_ns

    def look(self) -> Look:
        """Read what was touched since the environment was trusted, and miss what is gone."""
        altered: set[str] = set()
        stray, made, rewritten = [], [], []
        there = dict(self._scan())
        for path, changed in there.items():
            if changed < self._since or path == MARK:
                continue
            if _is_bytecode(path):
                if path not in self.bytecode:
                    made.append(path)
                elif self._sha256(path) != self.bytecode[path]:
                    rewritten.append(path)
            elif path not in self.recorded:
                stray.append(path)
            elif not self._as_recorded(path):
                altered.add(self.recorded[path].distribution)
        altered |= {of.distribution for path, of in self.recorded.items() if path not in there}
        witness = (os.path.join(self.inner, name) for name in WITNESS)
        stray += [path for path in (*witness, "pyvenv.cfg", "bin/python") if path not in there]
        return Look(
            altered=tuple(sorted(altered)),
            stray=tuple(sorted(stray)),
            bytecode=tuple(sorted(made)),
            rewritten=tuple(sorted(rewritten)),
        )

    def altered(self) -> tuple[str, ...]:
        """Read every file that is there and has a digest; name the distributions that differ from it.

        A file that is gone tells nothing of what others are linked to: the folder may be half removed.
        """
        there = {path for path, _ in self._scan()}
        return tuple(
            sorted(
                {
                    of.distribution
                    for path, of in self.recorded.items()
                    if path in there and not self._as_recorded(path)
                }
            )
        )

    def owner(self, path: str) -> str | None:
        """The distribution that a file of byte code belongs to: the one that has its source."""
        folder, name = os.path.split(path)
        source = os.path.join(os.path.dirname(folder), f"{name.partition('.')[0]}.py")
        found = self.recorded.get(source)
        return found.distribution if found is not None else None

    def _as_recorded(self, path: str) -> bool:
        """Whether a file has RECORD's digest; one without a digest cannot be told."""
        algorithm, _, expected = self.recorded[path].digest.partition("=")
        if algorithm not in ("sha256", "sha384", "sha512"):
            return True
        try:
            with open(os.path.join(self.root, path), "rb") as stream:
                found = hashlib.file_digest(stream, algorithm).digest()
        except OSError:
            return False
        return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == expected.rstrip("=")

    def _sha256(self, path: str) -> str:
        with open(os.path.join(self.root, path), "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _scan(self) -> Iterator[tuple[str, int]]:
        """Every file with its time of change, in nanoseconds."""
        waiting = [self.root]
        start = len(self.root) + 1
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry.path[start:], entry.stat(follow_symlinks=False).st_ctime_ns


def _row(line: str) -> tuple[str, str]:
    """Path and digest of a line of RECORD."""
    cells = next(csv.reader([line]), []) if '"' in line else line.rsplit(",", 2)
    return (cells[0], cells[1]) if len(cells) == 3 else (line, "")


def _digest(lines: list[str]) -> str:
    """What was installed, but for scripts: their first line names the environment."""
    inside = sorted(line for line in lines if not line.startswith(("..", "/")))
    return hashlib.sha256("\n".join(inside).encode()).hexdigest()[:16]


def _is_bytecode(path: str) -> bool:
    return path.endswith(".pyc") and os.path.basename(os.path.dirname(path)) == "__pycache__"
