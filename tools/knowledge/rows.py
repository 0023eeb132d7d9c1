"""Rows of a table's file: found, added and replaced, and every other byte left as it is.

Tables have one row a line, so that a change of one row is a change of one line.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

Row = dict[str, Any]
READ_ON = re.compile(r'"read_on": "\d{4}-\d\d-\d\d"')


class Rows:
    """The lines of one table's file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = path.read_text(encoding="utf-8").split("\n")

    def add(self, row: Row, after: Row) -> None:
        """Add a row behind another one. Raises ValueError where that is not there."""
        place = self._place(after)
        indent = self._indent(place)
        if not self.lines[place].endswith(","):
            self.lines[place] += ","
            self.lines.insert(place + 1, f"{indent}{_spelled(row)}")
        else:
            self.lines.insert(place + 1, f"{indent}{_spelled(row)},")

    def replace(self, row: Row, by: Row) -> None:
        """Put a row in another one's place."""
        place = self._place(row)
        comma = "," if self.lines[place].endswith(",") else ""
        self.lines[place] = f"{self._indent(place)}{_spelled(by)}{comma}"

    def write(self, day: str) -> None:
        """Write the file, and the day on which its sources were read."""
        text = READ_ON.sub(f'"read_on": "{day}"', "\n".join(self.lines), count=1)
        json.loads(text)
        self.path.write_text(text, encoding="utf-8")

    def _place(self, row: Row) -> int:
        for place, line in enumerate(self.lines):
            text = line.strip().rstrip(",")
            if text.startswith("{") and text.endswith("}") and json.loads(text) == row:
                return place
        raise ValueError(f"{self.path.name}: no line of its own for {_spelled(row)}")

    def _indent(self, place: int) -> str:
        line = self.lines[place]
        return line[: len(line) - len(line.lstrip())]


def _spelled(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)
