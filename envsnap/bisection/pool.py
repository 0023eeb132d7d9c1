"""Distributions as uv installs them, each once: environments are linked from here.

uv installs into folders in which nothing ever runs. An environment is made of the files of its
distributions by hard links; only what names the environment's own folder, the first lines of
scripts, is written anew, and RECORD with it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from envsnap.bisection.installed import Installed, named
from envsnap.errors import BuildError

LARGEST_SCRIPT = 1 << 20  # bytes; what is larger is a program, no script
RECORD = "RECORD"


class Install(Protocol):
    """Makes an empty environment and installs into it."""

    def __call__(self, folder: str, pins: Mapping[str, str]) -> tuple[float, str | None]:
        """The CPU seconds that it took, and what was said where it failed."""


class Script(Struct, frozen=True, kw_only=True):
    """A file that names the environment's folder, and the line of RECORD that speaks of it."""

    path: str
    data: bytes
    mode: int
    line: bytes | None


class Part(Struct, frozen=True, kw_only=True):
    """A distribution that was installed below `root`; paths are relative to it.

    `key` is what Installed calls it. `folders` are in order, parents first; `record` is its RECORD
    where that has to be written anew.
    """

    key: str
    root: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    scripts: tuple[Script, ...]
    record: tuple[str, bytes] | None

    def link(self, folder: str, there: set[str]) -> None:
        """Make its files in another environment, in which the folders `there` are made already."""
        begins, ends = os.path.join(self.root, ""), os.path.join(folder, "")
        for inner in self.folders:
            if inner not in there:
                there.add(inner)
                with contextlib.suppress(FileExistsError):
                    os.mkdir(ends + inner)
        link = os.link
        for path in self.files:
            try:
                link(begins + path, ends + path)
            except FileExistsError:  # two have a file of this name: the later one's stays, as in uv
                os.unlink(ends + path)
                link(begins + path, ends + path)
        if self.record is None:
            return
        place, record = self.record
        for script in self.scripts:
            data = script.data.replace(os.fsencode(self.root), os.fsencode(folder))
            _write(ends + script.path, data, script.mode)
            if script.line is not None:
                record = record.replace(script.line, _line(script.line, data))
        _write(ends + place, record, 0o644)


class Pool:
    """Every distribution that a session installed, by name and version."""

    def __init__(self, root: str, install: Install, site: Callable[[str], str]) -> None:
        self._root, self._install, self._site = root, install, site
        self._parts: dict[tuple[str, str], Part] = {}
        self._numbers = itertools.count(1)

    def stage(self, pins: Mapping[str, str]) -> tuple[float, str | None]:
        """Install what is not here yet; the CPU seconds it took, and what was said against it."""
        lacking = {name: pins[name] for name in pins if (name, pins[name]) not in self._parts}
        if not lacking:
            return 0.0, None
        # Longer than the name of an environment: a first line that fits here fits there.
        folder = os.path.join(self._root, f"{next(self._numbers):06d}-as-it-was-installed")
        os.makedirs(self._root, mode=0o700, exist_ok=True)
        used, said = self._install(folder, lacking)
        if said is not None:
            return used, said
        for name in self._take(folder, lacking):
            more, alone = self.stage({name: lacking[name]})
            used += more
            if alone is not None:
                return used, alone
        return used, None

    def link(self, folder: str, pins: Mapping[str, str]) -> None:
        """Make the files of these distributions in an environment. Raises BuildError."""
        there: set[str] = set()
        try:
            for pin in sorted(pins.items()):
                self._parts[pin].link(folder, there)
        except OSError as error:
            raise BuildError(
                f"the environment cannot be made: {error.filename}: {error.strerror}"
            ) from None

    def forget(self, keys: Iterable[str]) -> None:
        """Drop distributions that a trial wrote to through their links."""
        dropped = set(keys)
        self._parts = {pin: part for pin, part in self._parts.items() if part.key not in dropped}

    def _take(self, folder: str, pins: Mapping[str, str]) -> list[str]:
        """Note what was installed; the names of those that have to be installed by themselves."""
        installed = Installed(folder, self._site(folder))
        names = {named(info)[0]: info for info in installed.distributions}
        owners: dict[str, set[str]] = {}
        digests: dict[str, set[str]] = {}
        for name, info in names.items():
            for path, digest in installed.files(info).items():
                owners.setdefault(path, set()).add(name)
                digests.setdefault(path, set()).add(digest)
        apart = {
            name for path, many in owners.items() if len(digests[path]) > 1 for name in many
        } | _strays(owners, self._unowned(installed, owners), names)
        if len(pins) == 1:
            apart = set()
        mine: dict[str, set[str]] = {name: set() for name in names}
        for path, many in owners.items():
            for name in many:
                mine[name].add(path)
        for name, version in pins.items():
            if name not in names:
                raise BuildError(f"{name} {version} was installed and left nothing behind")
            if name not in apart:
                self._parts[name, version] = _part(
                    folder, installed, names[name], _there(folder, mine[name])
                )
        return [name for name in pins if name in apart]

    def _unowned(self, installed: Installed, owners: Mapping[str, object]) -> list[str]:
        """Files in site-packages that no RECORD names; those of the environment itself aside."""
        start = os.path.join(installed.inner, "")
        return [
            path
            for path in installed.paths()
            if path.startswith(start)
            and path not in owners
            and not path.startswith(f"{start}_virtualenv.")
        ]


def _strays(
    owners: dict[str, set[str]], unowned: Iterable[str], names: Mapping[str, str]
) -> set[str]:
    """Give files without an owner to the one that has the folder around them.

    Where several have it, or nobody, whose they are shows only when each is installed by itself:
    the names of those are the answer.
    """
    around: dict[str, set[str]] = {}
    for path, many in list(owners.items()):
        folder = os.path.dirname(path)
        while folder:
            around.setdefault(folder, set()).update(many)
            folder = os.path.dirname(folder)
    unclear: set[str] = set()
    for path in unowned:
        folder = os.path.dirname(path)
        while folder and folder not in around:
            folder = os.path.dirname(folder)
        near = around.get(folder, set(names))
        if len(near) == 1:
            owners[path] = set(near)
        else:
            unclear |= near
    return unclear


def _there(folder: str, paths: Iterable[str]) -> list[str]:
    """The paths of files that are below a folder, in order."""
    return sorted(
        path
        for path in paths
        if not path.startswith("..") and os.path.isfile(os.path.join(folder, path))
    )


def _part(folder: str, installed: Installed, info: str, paths: list[str]) -> Part:
    scripts = tuple(_scripts(folder, installed, info, paths))
    record = os.path.join(installed.inner, info, RECORD)
    anew = {script.path for script in scripts} | ({record} if scripts else set())
    return Part(
        key=installed.distributions[info],
        root=folder,
        folders=tuple(_folders(paths)),
        files=tuple(path for path in paths if path not in anew),
        scripts=scripts,
        record=(record, _read(os.path.join(folder, record))) if scripts else None,
    )


def _scripts(
    folder: str, installed: Installed, info: str, paths: Iterable[str]
) -> Iterator[Script]:
    """Files outside site-packages that name the folder that they were installed into."""
    inside = os.path.join(installed.inner, "")
    lines = installed.lines(info)
    for path in paths:
        place = os.path.join(folder, path)
        if path.startswith(inside) or os.path.getsize(place) > LARGEST_SCRIPT:
            continue
        data = _read(place)
        if os.fsencode(folder) in data:
            line = lines.get(path)
            yield Script(
                path=path,
                data=data,
                mode=os.stat(place).st_mode & 0o777,
                line=line.encode() if line is not None else None,
            )


def _folders(paths: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)
    return sorted(found)


def _line(line: bytes, data: bytes) -> bytes:
    """A line of RECORD with the digest and size of other data; one without a digest stays so."""
    path, digest, _ = line.rsplit(b",", 2)
    if not digest:
        return line
    made = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return b"%s,sha256=%s,%d" % (path, made, len(data))


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _write(path: str, data: bytes, mode: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
