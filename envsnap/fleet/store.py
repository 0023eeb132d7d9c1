"""The store of a fleet: files are the wire, SQLite is the index, a section is kept once.

A host points to its kind, a kind to its sections; a change of a host is one row, so that history
costs what changed. Of hosts that are alike the facts of the first are kept. A fact that makes
more than a thousand sections is noise: it is named, and left out from then on.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.fleet import kinds, parts, silence
from envsnap.fleet.host_names import Bare
from envsnap.fleet.kinds import Noise, Same, Stored
from envsnap.fleet.parts import Shape
from envsnap.intake.many import Part
from envsnap.model import typed
from envsnap.model.fields import Section
from envsnap.model.manifest import (
    SCHEMA_REVISION,
    SCHEMA_VERSION,
    Manifest,
    Sections,
    Target,
)
from envsnap.model.paths import Path
from envsnap.rules import peers

INDEX = "index.sqlite"
VERSION = 1
LARGEST = (1 << 63) - 1
MOST_KEPT = 200  # sections in memory
# What a host was to a store that took its answer, or did not take it.
Taken = Literal["new", "changed", "same", "older"]
TABLES = """
CREATE TABLE object(id INTEGER PRIMARY KEY, key BLOB UNIQUE, section TEXT, hardware BLOB,
  software BLOB, soft TEXT, untold TEXT, body BLOB);
CREATE TABLE kind(id INTEGER PRIMARY KEY, key TEXT UNIQUE, target TEXT, first INTEGER);
CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT UNIQUE, names TEXT, kind INTEGER,
  since INTEGER, seen INTEGER, memory INTEGER, shm INTEGER);
CREATE TABLE span(host INTEGER, since INTEGER, until INTEGER, kind INTEGER,
  PRIMARY KEY(host, since)) WITHOUT ROWID;
CREATE TABLE noise(path TEXT PRIMARY KEY, found INTEGER);
CREATE INDEX host_kind ON host(kind);
CREATE INDEX span_since ON span(since);
"""


def is_store(path: str) -> bool:
    """Whether this folder is a store."""
    return os.path.isfile(os.path.join(path, INDEX))


@contextlib.contextmanager
def opened(path: str, *, create: bool = False) -> Iterator[Store]:
    """Open a store, which only its owner may read. Raises InputError."""
    index = os.path.join(path, INDEX)
    if create and not os.path.lexists(path):
        try:
            os.mkdir(path, 0o700)
        except OSError as error:
            raise InputError(f"{path}: cannot be made: {error.strerror}") from None
    _require_ours(path)
    if create and not is_store(path) and os.listdir(path):
        raise InputError(
            f"{path}: holds files and is no store; the store comes first: `envsnap fleet add STORE FILE...`"
        )
    if not create and not os.path.isfile(index):
        raise InputError(f"{path}: not a store; `envsnap fleet add {path} FILE...` makes one")
    if create:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(index, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    mode = "rw" if create else "ro"
    place = f"file:{_quoted(os.path.abspath(index))}?mode={mode}"
    try:
        connection = sqlite3.connect(place, uri=True, isolation_level=None)
        with contextlib.closing(connection):
            yield Store(connection, path, create=create)
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path}: the store cannot be used: {error}") from None


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def _require_ours(path: str) -> None:
    """Refuse a folder that others may write: its rows would be theirs."""
    try:
        found = os.lstat(path)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if not stat.S_ISDIR(found.st_mode):
        raise InputError(f"{path}: is not a folder")
    if found.st_mode & 0o022 or found.st_uid != os.geteuid():
        raise InputError(f"{path}: a store is a folder that only you may write (chmod 700)")


def _make(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another process makes them just now."""
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One host as it is added; `parts` are its sections with their shapes."""

    names: tuple[str, ...]
    target: Target
    created_at: str | None
    parts: Sequence[tuple[Shape, Part]]


class Store:
    """An opened store."""

    def __init__(self, connection: sqlite3.Connection, path: str, *, create: bool) -> None:
        self.connection, self.path = connection, path
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and create:
            _make(connection)
        elif version != VERSION:
            raise InputError(f"{path}: a store of another version of envsnap ({version})")
        connection.execute("PRAGMA temp_store=MEMORY")
        self._objects: dict[bytes, int] = {}
        self._kinds: dict[str, int] = {}
        self._sections: dict[int, Section] = {}

    # -- what is in it --

    def noise(self) -> list[Noise]:
        """The facts that are left out because nearly every host has its own."""
        count = self.connection.execute("SELECT count(*) FROM host").fetchone()[0]
        rows = self.connection.execute("SELECT path, found FROM noise ORDER BY path")
        return [Noise(path=tuple(json.loads(path)), values=n, hosts=count) for path, n in rows]

    def current(self, *, aliases: bool = False) -> tuple[Sequence[tuple[str, ...]], list[Same]]:
        """All hosts as they were last seen: their names, and those that are alike together."""
        memory, shm = (self._nearest(name) for name in ("memory", "shm"))
        named: list[tuple[str, ...]] = []
        bare: list[str] = []
        groups: dict[tuple[int, int | None, int | None], list[int]] = {}
        rows = self.connection.execute(
            f"SELECT name, kind, memory, shm, names FROM host{silence.without(self.connection)}"  # noqa: S608
            " ORDER BY id"
        )
        for number, (name, kind, own_memory, own_shm, further) in enumerate(rows):
            if aliases:
                named.append((name, *json.loads(further)))
            else:
                bare.append(name)
            key = (kind, memory.get(own_memory), shm.get(own_shm))
            groups.setdefault(key, []).append(number)
        stored: dict[int, Stored] = {}
        same = [
            Same(
                parts=self._parts(kind, quantities, stored),
                hosts=hosts,
                build=partial(self._one, kind, tuple(quantities)),
            )
            for (kind, *quantities), hosts in groups.items()
        ]
        return named or Bare(bare), same

    def _nearest(self, column: str) -> dict[int, int]:
        """For each quantity the smallest of those that are near it."""
        rows = self.connection.execute(
            f"SELECT DISTINCT {column} FROM host WHERE {column} IS NOT NULL ORDER BY {column}"  # noqa: S608
        )
        found: dict[int, int] = {}
        first = before = None
        for (value,) in rows:
            if first is None or not peers.is_near(before, value):
                first = value
            found[value] = first
            before = value
        return found

    def _parts(
        self, kind: int, quantities: Sequence[int | None], known: dict[int, Stored]
    ) -> list[Stored]:
        """The sections of a kind; a host's quantities stand with its system."""
        (key,) = self.connection.execute("SELECT key FROM kind WHERE id=?", (kind,)).fetchone()
        own = {
            ("system", name): value
            for name, value in zip(peers.QUANTITIES, quantities, strict=True)
            if value is not None
        }
        found = [self._stored(int(item), known) for item in key.split()]
        return [
            Stored(part.name, replace(part.shape, soft=own))
            if part.name == "system" and own
            else part
            for part in found
        ]

    def name(self, kind: int) -> str:
        """A kind's two-part name."""
        same = Same(
            parts=self._parts(kind, (None, None), {}), hosts=[0], build=partial(self.manifest, kind)
        )
        return kinds.grouped([same]).kinds[0].name

    def _stored(self, number: int, known: dict[int, Stored]) -> Stored:
        if number not in known:
            section, hardware, software, soft, untold = self.connection.execute(
                "SELECT section, hardware, software, soft, untold FROM object WHERE id=?", (number,)
            ).fetchone()
            shape = Shape(
                hardware=hardware,
                software=software,
                soft={tuple(path): value for path, value in json.loads(soft)},
                untold=tuple((path, why) for path, why in json.loads(untold)),
            )
            known[number] = Stored(section, shape)
        return known[number]

    def _one(self, kind: int, quantities: Sequence[int | None]) -> Manifest:
        """One host of a kind with its own quantities: the first one's may be others."""
        found = self.manifest(kind)
        own = zip(peers.QUANTITIES, quantities, strict=True)
        system = found.sections.system
        if system is UNSET:
            return found
        system = replace(system, **{name: value for name, value in own if value is not None})
        return replace(found, sections=replace(found.sections, system=system))

    def manifest(self, kind: int) -> Manifest:
        """One host of a kind, as it was when the kind was first seen."""
        with self._whole():
            key, target = self.connection.execute(
                "SELECT key, target FROM kind WHERE id=?", (kind,)
            ).fetchone()
            found = {}
            for item in map(int, key.split()):
                name, body = self.connection.execute(
                    "SELECT section, body FROM object WHERE id=?", (item,)
                ).fetchone()
                if item not in self._sections:
                    if len(self._sections) > MOST_KEPT:
                        self._sections.clear()
                    self._sections[item] = self.section(body, name)
                found[name] = self._sections[item]
            whose = typed.decode(target, Target)
        return Manifest(
            schema_version=SCHEMA_VERSION,
            schema_revision=SCHEMA_REVISION,
            envsnap_version="",
            created_at=None,
            label=None,
            target=whose,
            fingerprint="",
            sections=Sections(**found),  # type: ignore[arg-type]
        )

    # -- adding --

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self.forget_ids()
            raise
        self.connection.execute("COMMIT")

    def add(self, row: Row) -> Taken:
        """Add one host's answer, unless the store holds a later one."""
        when = moment(row.created_at)
        ids = [self._object(*part) for part in row.parts]
        kind = self._kind(" ".join(map(str, ids)), row.target, when)
        system = next((shape.soft for shape, part in row.parts if part.name == "system"), {})
        quantities = [_bounded(system.get(("system", name))) for name in peers.QUANTITIES]
        name, *further = row.names
        known = self.connection.execute(
            "SELECT id, kind, since, seen FROM host WHERE name=?", (name,)
        ).fetchone()
        if known is None:
            cursor = self.connection.execute(
                "INSERT INTO host(name, names, kind, since, seen, memory, shm)"
                " VALUES(?,?,?,?,?,?,?)",
                (name, json.dumps(further), kind, when, when, *quantities),
            )
            self.connection.execute(
                "INSERT INTO span VALUES(?,?,?,?)", (cursor.lastrowid, when, when, kind)
            )
            return "new"
        host, before, since, seen = known
        if when < seen:
            return "older"
        changed = kind != before
        if changed:
            since = max(since, when)
            self.connection.execute(
                "INSERT OR REPLACE INTO span VALUES(?,?,?,?)", (host, since, when, kind)
            )
        else:
            self.connection.execute(
                "UPDATE span SET until=? WHERE host=? AND since=?", (when, host, since)
            )
        self.connection.execute(
            "UPDATE host SET kind=?, since=?, seen=?, memory=?, shm=? WHERE id=?",
            (kind, since, when, *quantities, host),
        )
        return "changed" if changed else "same"

    def seen(self, name: str) -> int:
        """When a host's latest answer was made, in seconds since 1970; 0 where there is none."""
        row = self.connection.execute("SELECT seen FROM host WHERE name=?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def _object(self, shape: Shape, part: Part) -> int:
        key, soft = parts.spelled(part.name, shape)
        if key in self._objects:
            return self._objects[key]
        found = self.connection.execute("SELECT id FROM object WHERE key=?", (key,)).fetchone()
        if found is None:
            body = zlib.compress(json.dumps(msgspec.to_builtins(part.section)).encode())
            found = (
                self.connection.execute(
                    "INSERT INTO object(key, section, hardware, software, soft, untold, body)"
                    " VALUES(?,?,?,?,?,?,?)",
                    (
                        key,
                        part.name,
                        shape.hardware,
                        shape.software,
                        soft,
                        json.dumps(shape.untold),
                        body,
                    ),
                ).lastrowid,
            )
        self._objects[key] = found[0]
        return int(found[0])

    def _kind(self, key: str, target: Target, when: int) -> int:
        if key in self._kinds:
            return self._kinds[key]
        found = self.connection.execute("SELECT id FROM kind WHERE key=?", (key,)).fetchone()
        if found is None:
            spelled = msgspec.json.encode(target).decode()
            found = (
                self.connection.execute(
                    "INSERT INTO kind(key, target, first) VALUES(?,?,?)", (key, spelled, when)
                ).lastrowid,
            )
        self._kinds[key] = found[0]
        return int(found[0])

    def left_out(self) -> frozenset[Path]:
        """The paths of noise."""
        return frozenset(item.path for item in self.noise())

    def forget_ids(self) -> None:
        """Forget which rows were looked up: they may be gone."""
        self._objects.clear()
        self._kinds.clear()

    def section(self, body: bytes, name: str) -> Section:
        """A section as it is kept."""
        with self._whole():
            tree: Any = json.loads(zlib.decompress(body))
            found = getattr(typed.convert({name: tree}, Sections), name)
        assert isinstance(found, Section)
        return found

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        """Refuse rows that something has damaged. Raises InputError."""
        try:
            yield
        except (zlib.error, ValueError, TypeError, AttributeError, RecursionError):
            raise InputError(f"{self.path}: the store is damaged: a row cannot be read") from None


def _bounded(value: object) -> int | None:
    """A quantity as a column holds it; no machine has more."""
    return max(-LARGEST, min(value, LARGEST)) if isinstance(value, int) else None


def moment(text: str | None) -> int:
    """Seconds since 1970 of a time in a manifest; now where it states none."""
    if text is None:
        return int(time.time())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{text[:40] or 'an empty text'}: not a time; write it as 2026-11-26 or 2026-11-26T08:00:00Z"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return int(found.timestamp())
