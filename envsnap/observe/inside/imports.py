"""Says when the import of a module is done, to whoever asked for it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Done = Callable[[Any], None]


class Imports:
    """A finder that finds nothing by itself: it tells when what others found has been executed."""

    def __init__(self) -> None:
        self._wanted: dict[str, list[Done]] = {}
        self._asked: set[str] = set()  # modules that are being looked for

    def after(self, name: str, done: Done) -> None:
        """Call `done` with a module once its import has come to its end, or now if it has."""
        module = sys.modules.get(name)
        if module is not None:
            _tell(done, module)
            return
        if not self._wanted:
            sys.meta_path.insert(0, self)
        self._wanted.setdefault(name, []).append(done)

    def stop(self) -> None:
        """Wait for no module any more."""
        self._wanted.clear()
        sys.meta_path[:] = [item for item in sys.meta_path if item is not self]

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """Find a module that somebody waits for as everybody else does.

        Who asks may only want to know whether it is there: it is waited for until it is executed.
        """
        if name not in self._wanted or name in self._asked:
            return None
        self._asked.add(name)
        try:
            for finder in list(sys.meta_path):
                search = getattr(finder, "find_spec", None)
                spec = None if finder is self or search is None else search(name, path, target)
                if spec is not None:
                    self._listen(name, spec.loader)
                    return spec
        finally:
            self._asked.discard(name)
        return None

    def _listen(self, name: str, loader: Any) -> None:
        if loader is None or isinstance(loader, type):
            return  # shared by all modules of its kind
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            if module.__name__ != name:  # one loader for all modules of an archive
                execute(module)
                return
            # Where several listen, the outermost takes back what all have set.
            vars(loader).pop("exec_module", None)
            execute(module)
            for done in self._wanted.pop(name, ()):
                _tell(done, module)
            if not self._wanted:
                sys.meta_path[:] = [item for item in sys.meta_path if item is not self]

        try:
            loader.exec_module = exec_module
        except AttributeError:
            return


def _tell(done: Done, module: Any) -> None:
    try:
        done(module)
    except Exception as error:
        sys.stderr.write("envsnap: %s is not watched: %s\n" % (module.__name__, error))
