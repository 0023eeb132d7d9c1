"""The log of trials, as JSON lines: one for what is tried, then one for each run.

A session that was killed is taken up from it: runs that it holds are not made again. A line that
was cut off is no line.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from envsnap.bisection.outcome import Outcome
from envsnap.errors import InputError
from envsnap.model import typed

VERSION = 1
LONGEST_OUTPUT = 4000


class Head(Struct, frozen=True, kw_only=True, tag="head", tag_field="line"):
    """What is tried; a log with another `inputs` belongs to another bisection."""

    version: int
    inputs: str
    command: tuple[str, ...]
    atoms: tuple[str, ...]


class Run(Struct, frozen=True, kw_only=True, tag="run", tag_field="line"):
    """One run: of which set, and what came of it.

    `bad` are numbers of atoms in the head. `stdout` and `stderr` are their ends, without secrets.
    `altered` are installed files that the run changed, `left` counts processes that it left,
    `imported` names the distributions that it imported (null where nobody saw), `variables` the
    atoms' variables that a Python of it had otherwise than the trial set them. `seen` is what it had
    of each atom, in digests where it may be a secret.
    """

    bad: tuple[int, ...]
    outcome: Outcome
    seconds: float
    cpu: float
    stdout: str
    stderr: str
    altered: tuple[str, ...] = ()
    left: int = 0
    imported: tuple[str, ...] | None = None
    variables: tuple[str, ...] = ()
    seen: tuple[str | None, ...] = ()


class Log:
    """A log that is written, and was perhaps begun before."""

    def __init__(self, path: str, head: Head, *, resume: bool) -> None:
        self.path = path
        self.runs: list[Run] = []
        kept = self._kept(head) if resume else None
        if kept is None:
            self._begin(head)
        else:
            self._go_on(kept)

    def _kept(self, head: Head) -> int | None:
        """Read what is there; the number of bytes that are whole lines."""
        try:
            with open(self.path, "rb") as stream:
                data = stream.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read: {error.strerror}") from None
        size = 0
        for number, record in enumerate(_records(self.path, data)):
            if number == 0:
                if not isinstance(record, Head) or record.inputs != head.inputs:
                    raise InputError(
                        f"{self.path}: is the log of another bisection: manifests, files, the command,"
                        " a script that it runs, or options differ; run without --resume to start a new one"
                    )
            elif isinstance(record, Run):
                self.runs.append(record)
            size = data.find(b"\n", size) + 1
        return size or None

    def _begin(self, head: Head) -> None:
        try:
            with contextlib.suppress(FileNotFoundError):
                os.replace(self.path, f"{self.path}.old")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from None
        self._write(head)

    def _go_on(self, size: int) -> None:
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from None

    def add(self, run: Run) -> None:
        """Write a run down before anything is decided by it."""
        self.runs.append(run)
        self._write(run)

    def _write(self, record: Head | Run) -> None:
        try:
            os.write(self._descriptor, msgspec.json.encode(record) + b"\n")
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Close the file; it stays."""
        os.close(self._descriptor)


_LINE: Any = Head | Run


def _records(path: str, data: bytes) -> Iterator[Head | Run]:
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            yield typed.decode(line, _LINE)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InputError(f"{path}: line {number} is not of a log of trials: {error}") from None
