"""Watches one process: the files it opens, the seeds it sets, the libraries it has mapped."""

from __future__ import annotations

import os
import sys
import time

from .journal import Journal
from .opens import Opens
from .seeds import Seeds
from .start import new_folder
from .wrappers import loaders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
MAPS = "/proc/self/maps"


def attach(process: Any, options: dict[str, Any]) -> Observer:
    """Watch a process of the command from now on."""
    return Observer(process, os.path.dirname(process.folder))


class Observer:
    """What is seen of one process, and of the copies that it makes of itself."""

    def __init__(self, process: Any, parent: str) -> None:
        self._parent, self._process = parent, os.getpid()
        self._own, self._began = os.path.dirname(parent), time.time()
        self._folder: str | None = process.folder
        self._ended = False
        self._kind = "program"
        self._journal = Journal(self._place, self._begin)
        self._journal.begin()
        self._opens = Opens(self._journal, self._own)
        self._seeds = Seeds(self._journal, process.imports)
        loaders(process.imports, self._opens.read)
        self._opens.install()
        os.register_at_fork(after_in_child=self._forked)
        process.imports.after("multiprocessing.util", self._children)

    def _place(self) -> str:
        """The folder of this process; a copy of one makes its own when it has something to say."""
        if self._folder is None:
            self._folder = new_folder(self._parent)
        return self._folder

    def _begin(self) -> None:
        self._journal.write(
            "start",
            self._kind,
            str(os.getpid()),
            str(os.getppid()),
            str(time.monotonic_ns()),
            _rank(),
            sys.executable or "",
            sys.prefix,
            sys.base_prefix,
        )

    def _forked(self) -> None:
        """Begin anew in a copy; it has a journal of its own once it does something."""
        try:
            self._folder, self._process = None, os.getpid()
            self._kind, self._ended = "copy", False
            self._journal.forked()
            self._opens.forked()
            self._seeds.forked()
        except Exception:
            self._opens.closed = True

    def _children(self, util: Any) -> None:
        """Copies that multiprocessing makes end in order, but not as programs do."""
        util.register_after_fork(self, _end_with)

    def end(self, copied: bool = False) -> bool:
        """Tell what can only be seen at the end; whether the facts of this process are wanted."""
        if self._ended or os.getpid() != self._process or not self._journal.begun:
            return False
        self._ended = self._opens.closed = True
        self._seeds.end()
        for path in _mapped():
            if not path.startswith(self._own):
                self._journal.write("mapped", path)
        self._journal.write("end", "in order")
        return self._kind == "program" and self._speaks_for_all()

    def _speaks_for_all(self) -> bool:
        """The facts of a process that no observed one started are wanted, or of the first rank.

        A process that started the first rank leaves the word to it.
        """
        rank, parent = _rank(), "%d." % os.getppid()
        for name in os.listdir(self._parent):
            folder = os.path.join(self._parent, name)
            facts = os.path.join(folder, "facts.json")
            if name.startswith(parent) and _rank_of(folder) == rank:
                return False
            if not rank and os.path.exists(facts) and os.stat(facts).st_mtime > self._began:
                return False
        return rank in ("", "0")


def _rank() -> str:
    """The rank of this process in a distributed run; empty where there is none."""
    return next((os.environ[name] for name in RANKS if name in os.environ), "")[:16]


def _rank_of(folder: str) -> str:
    """The rank that another process has written into the first line of its journal."""
    with open(os.path.join(folder, "journal.00"), "rb") as stream:
        return stream.readline().split(b'","')[5].decode("ascii")


def _end_with(observer: Observer) -> None:
    from multiprocessing import util

    util.Finalize(None, observer.end, exitpriority=-100)


def _mapped() -> list[str]:
    """The files that this process has mapped."""
    if not os.path.exists(MAPS):
        return []
    with open(MAPS, "rb") as stream:
        found = {line[line.find(b"/") :].rstrip(b"\n") for line in stream if b" /" in line}
    return [os.fsdecode(path) for path in sorted(found)]
