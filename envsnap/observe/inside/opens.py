"""Sees the files that Python code opens, by the audit events of PEP 578.

What native code opens has no such event: `wrappers` and the parent's inotify see that.
"""

from __future__ import annotations

import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CODE = (".py", ".pyc")
REGULAR, KINDS = 0o100000, 0o170000
MOST = 100_000
LARGEST_KEPT = 64 << 20  # bytes of a file that are digested before it is written again
NEAR = 6  # callers that are asked why a folder is listed
CHANGING = os.O_WRONLY | os.O_TRUNC
PYTHON_NAMES = ("python", "pypy")
SHELLS = ("sh", "bash", "dash", "zsh", "env", "torchrun", "accelerate")
ISOLATING = frozenset("EIS")
STEPS = re.compile(r"[|;&\n]+")
OF_SYSTEM = ("/usr/", "/bin/", "/sbin/")


class Opens:
    """The audit hook of one process."""

    def __init__(self, journal: Any, own: str) -> None:
        self._write = journal.write
        self._mine = own + os.sep
        self._seen: set[Any] = set()
        self.closed = False

    def forked(self) -> None:
        """What the parent has seen is in the parent's journal; this process tells its own."""
        self._seen = set()

    def install(self) -> None:
        """Add the hook. It cannot be taken away again, and never raises."""
        handlers = {
            "open": self._opened,
            "import": self._imported,
            "os.listdir": self._listed,
            "os.scandir": self._listed,
            "ctypes.dlopen": self._library,
            "sqlite3.connect": self._database,
            "os.rename": self._renamed,
            "os.remove": self._removed,
            "subprocess.Popen": self._child,
            "os.system": self._line,
            "os.exec": self._replaced,
        }

        def hook(event: str, arguments: Any, find: Any = handlers.get) -> None:
            handler = find(event)
            if handler is not None and not self.closed:
                try:
                    handler(*arguments)
                except Exception:
                    pass

        sys.addaudithook(hook)

    def _opened(self, path: Any, mode: Any, flags: int) -> None:
        if type(path) is not str:
            if isinstance(path, int):
                return
            path = os.fsdecode(path)
        if path[:1] != "/":
            path = os.getcwd() + "/" + path  # what join would do takes longer
        changes = flags & CHANGING
        key = (path, 1) if changes else path
        if key in self._seen or len(self._seen) > MOST or path.startswith(self._mine):
            return
        self._seen.add(key)
        if changes:
            if path in self._seen:
                self._changes(path)
            self._write("write", path)
        elif path.endswith(CODE):
            self._write("code", path)
        else:
            self.read("audit", path)

    def _renamed(self, path: Any, target: Any, *_: Any) -> None:
        self._removed(path)
        self._removed(target)

    def _removed(self, path: Any, *_: Any) -> None:
        path = os.path.join(os.getcwd(), os.fsdecode(path))
        if path in self._seen and (path, 1) not in self._seen:
            self._seen.add((path, 1))
            self._changes(path)

    def _changes(self, path: str) -> None:
        """A file that was read is about to be written: later nobody could say what was read."""
        import hashlib

        facts = os.stat(path)
        if facts.st_mode & KINDS == REGULAR and facts.st_size <= LARGEST_KEPT:
            with open(path, "rb") as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
            self._write("was", path, digest, "%d:%d:" % (facts.st_size, facts.st_mtime_ns))

    def read(self, witness: str, path: str) -> None:
        """A regular file is about to be read: note it with what tells its present state apart."""
        facts = os.stat(path)
        if facts.st_mode & KINDS == REGULAR:
            state = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
            self._write("read", witness, path, "%d:%d:%d" % state)

    def _listed(self, path: Any = None) -> None:
        """A folder is about to be listed; where Python looks for modules, it is nobody's data."""
        if isinstance(path, int) or _looks_for_modules():
            return
        folder = os.path.abspath(os.fsdecode(path or "."))
        key = (folder, 2)
        if key not in self._seen and len(self._seen) <= MOST and not folder.startswith(self._mine):
            self._seen.add(key)
            self._write("listed", folder)

    def _imported(self, name: Any, path: Any, *_: Any) -> None:
        if type(path) is str:  # an extension module; others have no file here
            self._write("library", path)

    def _library(self, name: Any) -> None:
        if type(name) is str and os.sep in name:
            self._write("library", os.path.abspath(name))

    def _database(self, path: Any) -> None:
        path = os.path.abspath(os.fsdecode(path))
        if path not in self._seen:
            self._seen.add(path)
            self.read("audit", path)

    def _child(self, program: Any, arguments: Any, folder: Any, environment: Any) -> None:
        """Say so where a child will not be seen: it ignores the variable, or is not given it."""
        alone = isinstance(arguments, (str, bytes, os.PathLike))
        words = [os.fsdecode(word) for word in ([arguments] if alone else arguments)]
        named = words[0] if program is None else os.fsdecode(program)
        name = os.path.basename(named)
        self._program(named, folder, environment)
        if name in SHELLS and words[1:2] == ["-c"]:
            self._line("".join(words[2:3]), folder, environment)
        if not name.startswith((*PYTHON_NAMES, *SHELLS)):
            return
        if environment is not None and not ({"ENVSNAP_RUN", b"ENVSNAP_RUN"} & set(environment)):
            self._write("unseen", name, "another environment")
            return
        for word in words[1:] if name.startswith(PYTHON_NAMES) else ():
            if word[:1] != "-" or word[:2] in ("--", "-c", "-m"):
                break
            if ISOLATING & set(word[1:]):
                self._write("unseen", name, word[:8])

    def _line(self, line: Any, folder: Any = None, environment: Any = None) -> None:
        """The programs that a line for a shell starts."""
        for step in STEPS.split(os.fsdecode(line)):
            self._program((step.split() or [""])[0], folder, environment)

    def _program(self, name: str, folder: Any, environment: Any) -> None:
        """A program that is started, unless it is the system's: what it does is its file's."""
        start = os.fsdecode(folder) if folder else os.getcwd()
        path = os.path.join(start, name)
        if os.sep not in name:
            places = (environment or os.environ).get("PATH", "") if name else ""
            ways = (os.path.join(start, place, name) for place in os.fsdecode(places).split(":"))
            path = next((way for way in ways if os.access(way, os.X_OK)), "")
        if path and not path.startswith(OF_SYSTEM) and path not in self._seen:
            self._seen.add(path)
            self.read("audit", path)

    def _replaced(self, *_: Any) -> None:
        self._write("end", "replaced by another program")


def _looks_for_modules() -> bool:
    """Whether the import system, or what describes distributions, is among the callers."""
    frame: Any = sys._getframe(3)
    for _ in range(NEAR):
        if frame is None:
            return False
        name = frame.f_code.co_filename
        if "importlib" in name or name.endswith("pkgutil.py"):
            return True
        frame = frame.f_back
    return False
