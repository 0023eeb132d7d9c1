"""Identifiers, times and addresses that a run was given: where it prints them again, they are data.

By its shape alone a UUID, an address, or a time of the run's own day, may be another in each run. One
that stands in a file that the run read, in its code or in its command is not. Paths are data only
where they stand in data: those of configurations and commands say where somebody works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from envsnap.observe import classes
from envsnap.observe.opened import File

BOUND = r"\b"
UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
# A date alone is no such time: what happened today is often told on the same day.
DATED = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
CLOCK = r"(?<![\d.:])\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?![\d.:])"
ADDRESS = r"\b0x[0-9a-fA-F]{9,16}\b"
# In a file of a database letters may stand right beside it.
SHAPES = re.compile(f"{UUID.replace(BOUND, '')}|{DATED}|{CLOCK}|{ADDRESS}".encode("ascii"))
PATHS = re.compile(rb"(?<![\w.:/])/(?:[\w.@+-]{1,80}/){1,20}[\w.@+-]{0,80}")
LARGEST, MOST = 4 << 20, 16 << 20  # bytes of one file, and of all
READ = classes.DATA, classes.CONFIG, classes.CODE


class Known:
    """Looks into the files when it is asked for the first time: most runs print no such thing."""

    def __init__(self, files: Iterable[File] = (), command: Sequence[str] = ()) -> None:
        self._files, self._command = list(files), command
        self._found: set[str] | None = None

    def __contains__(self, text: object) -> bool:
        if self._found is None:
            self._found = {
                item.decode("ascii", "replace")
                for kind, data in self._texts()
                for shape in ((SHAPES, PATHS) if kind == classes.DATA else (SHAPES,))
                for item in shape.findall(data)
            }
        return text in self._found

    def _texts(self) -> Iterable[tuple[str, bytes]]:
        """What was given, with the class of the file that it stands in."""
        yield "", "\n".join(self._command).encode("utf-8", "replace")
        left = MOST
        for file in self._files:
            if left <= 0:
                return
            try:
                with open(file.real, "rb") as stream:
                    data = stream.read(LARGEST)
            except OSError:
                continue
            left -= len(data)
            yield file.kind, data


def of(by_class: dict[str, list[File]], command: Sequence[str]) -> Known:
    """What the command was given, and what stands in the files that it read."""
    files = [file for kind in READ for file in by_class.get(kind, ())]
    return Known(files, command)


NOTHING = Known()
