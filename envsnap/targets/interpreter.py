"""Another Python on this machine, or the one the user works in."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from envsnap.errors import TargetError
from envsnap.probe import packing
from envsnap.probe.collectors import locales
from envsnap.targets import local, script

if TYPE_CHECKING:
    from envsnap.model.manifest import Target
    from envsnap.targets.target import Started


class Interpreter:
    """A Python interpreter of this machine, in our own environment and folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def command(self) -> list[str]:
        """The interpreter, reading a script."""
        return [self.path, *packing.READ_STDIN]

    def environment(self) -> dict[str, str] | None:
        """Ours, without what our own Python added to it where no locale is named (PEP 538)."""
        if not locales.coerced():
            return None
        return {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}

    def folder(self) -> str | None:
        """Ours."""
        return None

    def options(self) -> dict[str, object]:
        """Where our files lie, for one that runs as ourselves and may read them."""
        return {} if self.identity() is not None else script.place()

    def identity(self) -> tuple[int, int, list[int]] | None:
        """Ours; for root the user whose environment it is. Raises TargetError."""
        from envsnap.targets import owners

        return owners.identity(self.path) if sys.platform != "win32" else None

    def start(self) -> Started:
        """Start it here."""
        return local.start(self)

    def describe(self) -> Target:
        """The interpreter's path."""
        from envsnap.model.manifest import Target

        return Target(kind="interpreter", name=self.path)

    def shares_files(self) -> bool:
        """It does."""
        return True


def named(path: str) -> Interpreter:
    """The interpreter that the user named, as a path or as a command."""
    if os.sep in path or os.path.exists(path):
        absolute = os.path.abspath(os.path.expanduser(path))
        if os.path.isdir(absolute):
            places = (os.path.join(absolute, *way) for way in (("bin", "python"), ("python",)))
            found = next(filter(os.path.isfile, places), None)
            example = f", for example {found}" if found is not None else ""
            raise TargetError(f"{path} is a folder; name the interpreter{example}")
        if not os.path.isfile(absolute):
            raise TargetError(f"{path}: no such interpreter")
        return Interpreter(absolute)
    from shutil import which

    found = which(path)
    if found is None:
        raise TargetError(f"{path}: no such command on PATH")
    return Interpreter(os.path.abspath(found))


def active() -> tuple[Interpreter, str]:
    """The interpreter the user works in, and the reason for choosing it."""
    for variable, kind in (
        ("VIRTUAL_ENV", "virtual environment"),
        ("CONDA_PREFIX", "conda environment"),
    ):
        prefix = os.environ.get(variable)
        if not prefix:
            continue
        places = [
            os.path.join(prefix, "bin", "python"),
            os.path.join(prefix, "python.exe"),
            os.path.join(prefix, "Scripts", "python.exe"),
        ]
        for path in places:
            if os.path.isfile(path):
                return Interpreter(path), f"the active {kind}"
    return Interpreter(sys.executable), "the Python that envsnap runs in"
