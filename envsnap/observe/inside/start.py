"""Starts the parts that watch a process of the command, and ends them with it."""

from __future__ import annotations

import atexit
import marshal
import os
import sys

from .imports import Imports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def start(options_path: str, site: str, load: Callable[[str, str], None]) -> None:
    """Leave word that this process was reached, and start the parts that the options name.

    A part is a module with `attach(process, options)`, which gives something whose `end(copied)`
    says whether the facts of the process are wanted; `copied` is true in a fork.
    """
    with open(options_path, "rb") as stream:
        options = marshal.loads(stream.read())  # noqa: S302 (ours; json's import takes 6 ms)
    process = Process(options, site)
    for part in options["parts"]:
        package = part["module"].partition(".")[0]
        if package not in sys.modules:
            load(package, part["place"])
        module = __import__(part["module"], fromlist=["attach"])
        process.parts.append(module.attach(process, part["options"]))
    atexit.register(process.end)
    _watch(process)


def _watch(process: Process) -> None:
    """Be told of `os._exit`, too, by which programs leave whose threads would not end.

    A fork leaves so by itself.
    """
    leave = os._exit

    def told(status: int) -> Any:
        if os.getpid() == process.begun:
            process.end()
        leave(status)

    os._exit = told


class Process:
    """A process of the command: the folder for what is learned of it, its imports, its parts."""

    def __init__(self, options: dict[str, Any], site: str) -> None:
        self._options, self._site = options, site
        self.imports = Imports()
        self.parts: list[Any] = []
        self.begun = os.getpid()
        self._has_ended = False
        self.folder = new_folder(options["folder"])

    def end(self) -> None:
        """The interpreter ends in order."""
        if self._has_ended:
            return
        self._has_ended = True
        copied = os.getpid() != self.begun  # a fork that leaves through the same door
        try:
            wanted = [part.end(copied) for part in self.parts]
            if any(wanted) and not copied and self._options["probe"] is not None:
                from . import facts

                facts.write(
                    os.path.join(self.folder, "facts.json"),
                    self._options["probe"],
                    self._options["python_path"],
                    self._site,
                )
        except Exception as error:
            sys.stderr.write("envsnap: what was observed is not whole: %s\n" % error)
        if not copied and getattr(sys, "last_type", None) is KeyboardInterrupt:
            _interrupted()


def _interrupted() -> None:
    """End as an interrupted Python does: by the signal.

    The interpreter forgets that it was interrupted once code from a text is run at its end, as
    a named tuple's is.
    """
    import signal

    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def new_folder(parent: str) -> str:
    """Make a folder for this process; a number stays the same when one program becomes another."""
    count = 0
    while True:
        folder = os.path.join(parent, "%d.%d" % (os.getpid(), count))
        try:
            os.mkdir(folder)
        except FileExistsError:
            count += 1
        else:
            return folder
