"""What the processes of a command left behind, read with care: a script could have written there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct, field

from envsnap.observe.classes import WEIGHT_ENDINGS

SEGMENT_NAME = re.compile(r"journal\.\d\d")
SHA256 = re.compile(r"[0-9a-f]{64}")
STATE = re.compile(r"\d{1,15}:\d{1,20}:")  # size, and time of change in ns
LARGEST_SEGMENT = 1 << 20
WITNESSES = ("audit", "loader")
MOST_LINES = 400_000
NAMED = "code", "library", "listed", "mapped"
WORDS = "start", "write", "was", "seed", "generator", "unseen", "end"
_fields = msgspec.json.Decoder(list[str]).decode
_all_fields = msgspec.json.Decoder(list[list[str]]).decode


class Process(Struct, kw_only=True):
    """One process of the command, as its journal tells it."""

    folder: str
    copy: bool = False
    pid: int = 0
    parent: int = 0
    began: int = 0
    rank: str = ""
    executable: str = ""
    prefixes: tuple[str, ...] = ()
    ended: bool = False
    whole: bool = True
    reads: dict[str, dict[str, str]] = field(default_factory=dict)  # path -> witness -> state
    was: dict[str, tuple[str, str]] = field(default_factory=dict)  # path -> SHA-256, state
    code: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    mapped: set[str] = field(default_factory=set)
    seeds: list[tuple[str, str, str]] = field(default_factory=list)
    generators: dict[str, str] = field(default_factory=dict)
    unseen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def facts(self) -> str | None:
        """The facts that the probe wrote at its end, if it did."""
        place = os.path.join(self.folder, "facts.json")
        return place if os.path.exists(place) else None

    def _start(self, kind: str, *fields: str) -> None:
        pid, parent, began, self.rank, self.executable, *prefixes = fields
        self.copy = kind == "copy"
        self.pid, self.parent, self.began = int(pid), int(parent), int(began)
        self.prefixes = tuple(prefixes)

    def _read(self, witness: str, path: str, state: str) -> None:
        if witness in WITNESSES and path not in self.written:
            if path in self.reads:
                self.reads[path].setdefault(witness, state)
            else:
                self.reads[path] = {witness: state}

    def _named(self, word: str) -> set[str]:
        found = {"code": self.code, "library": self.libraries, "listed": self.listed}
        return found.get(word, self.mapped)

    def _write(self, path: str) -> None:
        if path not in self.reads:
            self.written.add(path)

    def _was(self, path: str, digest: str, state: str) -> None:
        if SHA256.fullmatch(digest) and STATE.fullmatch(state):
            self.was.setdefault(path, (digest, state))

    def _seed(self, function: str, value: str, place: str) -> None:
        self.seeds.append((function, value, place))

    def _generator(self, name: str, state: str) -> None:
        self.generators[name] = state

    def _unseen(self, program: str, why: str) -> None:
        self.unseen.append((program, why))

    def _end(self, how: str) -> None:
        self.ended = True

    def take(self, word: str, *fields: str) -> None:
        """Take a line in. Raises ValueError and TypeError for what is none of ours."""
        self.ended = False  # whatever follows an end shows that it was none, as a failed exec
        if word == "read":  # of these there are thousands
            self._read(*fields)
            return
        handler = getattr(self, f"_{word}") if word in WORDS else None
        if handler is not None:
            handler(*fields)
        elif word in NAMED:
            (path,) = fields
            self._named(word).add(path)
        else:
            raise ValueError(word)


def read(folder: str) -> list[Process]:
    """The processes that were seen: the one to describe, then the others as they began.

    That is the first rank where there are ranks, and else of those that a user or a shell started
    the first that opened weights, or the first.
    """
    found = [_process(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    found.sort(key=lambda item: (item.copy, item.began))
    pids = {item.pid for item in found}

    def standing(item: Process) -> tuple[bool, ...]:
        opened = any(path.lower().endswith(tuple(WEIGHT_ENDINGS)) for path in item.reads)
        return item.rank != "0", item.copy, item.parent in pids, not opened

    first = min(found, key=standing, default=None)
    return [] if first is None else [first, *(item for item in found if item is not first)]


def _process(folder: str) -> Process:
    found = Process(folder=folder)
    count = 0
    for lines in _segments(folder):
        room = MOST_LINES - count
        if len(lines) > room:
            found.whole = False
        count += len(lines)
        for row in _rows(lines[:room]):
            try:
                if row is None:
                    found.whole = False  # cut off where the process was, or not ours
                else:
                    found.take(*row)
            except (ValueError, TypeError):
                found.whole = False
    return found


def _rows(lines: list[bytes]) -> Iterable[list[str] | None]:
    """The fields of each line, None for what is no line of ours: all at once where all are good."""
    try:
        rows = _all_fields(b"[%s]" % b",".join(lines))
    except (msgspec.DecodeError, RecursionError):
        return map(_row, lines)
    return rows if len(rows) == len(lines) else map(_row, lines)


def _row(line: bytes) -> list[str] | None:
    try:
        return _texts(line)
    except (ValueError, TypeError, RecursionError):
        return None


def _texts(line: bytes) -> list[str]:
    """The fields of a line. Names of files may hold bytes that are no text: then more slowly."""
    try:
        return _fields(line)
    except msgspec.DecodeError:
        fields = json.loads(line)
    if not isinstance(fields, list) or not all(isinstance(item, str) for item in fields):
        raise ValueError("not a line of a journal")
    return fields


def _segments(folder: str) -> Iterator[list[bytes]]:
    """The lines of each file of a journal."""
    for name in sorted(os.listdir(folder)):
        place = os.path.join(folder, name)
        if SEGMENT_NAME.fullmatch(name) and os.path.isfile(place) and not os.path.islink(place):
            with open(place, "rb") as stream:
                data = stream.read(LARGEST_SEGMENT)
            yield list(filter(None, data.rstrip(b"\0").split(b"\n")))
