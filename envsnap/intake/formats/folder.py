"""A folder, or an archive of one, as formats look at it: names, and bytes within bounds."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

Reader = Callable[[str], bytes | None]


class Folder(Struct, frozen=True):
    """Names of files relative to the folder with their sizes, and how to read one.

    `links` has, for links, the last part of what they point to.
    """

    name: str
    sizes: dict[str, int]
    links: dict[str, str]
    read: Reader

    def bytes(self, name: str, most: int) -> bytes | None:
        """A file's content; None for one that is not there, or is larger."""
        if self.sizes.get(name, most + 1) > most:
            return None
        return self.read(name)
