"""How collectors write down what they learned, and what they could not learn and why."""

import json
import os
import re
import stat

from . import secrets

# The words a gap's reason starts with.
ABSENT = "absent"
DENIED = "denied"
TIMEOUT = "timeout"
ERROR = "error"
OURS = "not asked: "  # what follows is our own sentence, with nothing of another program in it

LONGEST_REASON = 600
READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
PIECE = 1 << 20  # of a file that is hashed
READ_AT_ONCE = 1 << 20
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def reason(error: BaseException) -> str:
    """Turn an exception into a gap's reason: one word, then what happened."""
    word = ERROR
    if isinstance(error, FileNotFoundError):
        word = ABSENT
    elif isinstance(error, PermissionError):
        word = DENIED
    elif isinstance(error, TimeoutError):
        word = TIMEOUT
    text = " ".join(str(error).split())
    return ("%s: %s: %s" % (word, type(error).__name__, text))[:LONGEST_REASON]


def key_text(key: str) -> str:
    """Spell one key of a path as manifests do: plain, a number in brackets, or quoted."""
    if PLAIN_KEY.fullmatch(key):
        return key
    return "[%s]" % (key if key.isdigit() else json.dumps(key))


class Record:
    """The facts and the gaps of one section.

    A record may stand for a part of the section: its `prefix` is then put before the gaps'
    paths, and its facts live in a dictionary of their own.
    """

    def __init__(self, gaps: dict = None, prefix: str = "") -> None:
        self.facts = {}
        self.gaps = {} if gaps is None else gaps
        self.prefix = prefix

    def part(self, key: str, path: str) -> "Record":
        """Open a nested record stored under `key`, whose gaps are told under `path`."""
        nested = Record(self.gaps, self.prefix + path + ".")
        self.facts[key] = nested.facts
        return nested

    def gap(self, path: str, why: str) -> None:
        """Note that the fact at `path` is unknown; the first reason given stays."""
        told = why if why.startswith(OURS) else secrets.clean_message(why)
        self.gaps.setdefault(self.prefix + path, told[:LONGEST_REASON])

    def left_out(self, path: str, why: str, lost: str) -> None:
        """Note that a value, or a part of it, was left out: it may be a secret."""
        self.gaps[self.prefix + path] = secrets.reason(why, lost)

    def sweep(self) -> None:
        """Leave out of the facts what has the shape of a secret."""
        secrets.sweep(self.facts, self._cut)

    def _cut(self, path: tuple, why: str, lost: str) -> None:
        keys = path[1:] if path[0] == "entries" else path
        spelled = "".join(
            text if text.startswith("[") else "." + text for text in map(key_text, keys)
        )
        self.left_out(spelled[1:] if spelled.startswith(".") else spelled, why, lost)

    def learn(self, key: str, read, *arguments: object):
        """Store what `read` returns; an exception becomes a gap."""
        try:
            value = read(*arguments)
        except Exception as error:  # a collector never takes the capture down
            self.gap(key, reason(error))
            return None
        self.facts[key] = value
        return value

    def learn_present(self, key: str, read, *arguments: object):
        """Store what `read` returns unless that is None, which means: there is no such fact."""
        value = self.learn(key, read, *arguments)
        if value is None:
            self.facts.pop(key, None)
        return value


def native(path: str) -> str:
    """Spell a path of the options as this system's file functions want it, whatever the locale."""
    return os.fsdecode(path.encode("utf-8", "surrogateescape"))


def shown(path: str) -> str:
    """Spell a path of this system as text; bytes that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def open_descriptor(path: str) -> int:
    """Open a regular file for reading, without ever waiting for a pipe or a device.

    Raises OSError, also for what is no regular file.
    """
    return _opened(path)[0]


def _opened(path: str) -> tuple:
    """Return a descriptor of a regular file and what fstat says of it."""
    descriptor = os.open(path, READING)
    facts = os.fstat(descriptor)
    if stat.S_ISREG(facts.st_mode):
        return descriptor, facts
    os.close(descriptor)
    raise OSError("not a regular file: %s" % path)


def open_regular(path: str):
    """Open a regular file as `open_descriptor` does, as a stream of bytes."""
    return os.fdopen(open_descriptor(path), "rb")


def hashed(path: str, digest):
    """Feed a regular file to a digest, piece by piece, and return the digest."""
    with open_regular(path) as stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            digest.update(piece)
    return digest


def read_bytes(path: str, limit: int = 64 << 20) -> bytes:
    """Read a regular file, up to a limit."""
    descriptor, facts = _opened(path)
    try:
        # Files of /proc state no size; a buffer of the limit's size for each would cost time.
        return os.read(descriptor, min(limit, facts.st_size or READ_AT_ONCE))
    finally:
        os.close(descriptor)


def read_text(path: str, limit: int = 1 << 20) -> str:
    """Read a small text file; bytes that are not UTF-8 are kept as escapes."""
    return read_bytes(path, limit).decode("utf-8", "backslashreplace")


def first_text(*paths: str) -> str:
    """Read the first of these files that exists, stripped; None where none can be read."""
    for path in paths:
        try:
            return read_text(path).strip()
        except OSError:
            continue
    return None
