"""What a format is: a module of this folder with two functions, and a line in the registry.

`recognise(source)` tells by the content whether a text is of this format; `read(source)` returns
the facts in it, or raises `RefusedError`. Neither starts a process, opens a file or resolves anything.
"""

from __future__ import annotations

from typing import Protocol

from envsnap.errors import InputError
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.folder import Folder
from envsnap.intake.formats.source import Source


class Format(Protocol):
    """A module that reads one kind of foreign file."""

    @staticmethod
    def recognise(source: Source) -> bool:
        """Tell whether this is such a file; cheap, and false where in doubt."""

    @staticmethod
    def read(source: Source) -> Draft:
        """Return what the file states; raises RefusedError."""


class FolderFormat(Protocol):
    """A module that reads files that belong together."""

    @staticmethod
    def recognise(folder: Folder) -> bool:
        """Tell whether this is such a folder."""

    @staticmethod
    def read(folder: Folder) -> Draft:
        """Return what its files state; raises RefusedError."""


class RefusedError(InputError):
    """A file of a known kind that cannot be believed: what it is, and the way forward."""
