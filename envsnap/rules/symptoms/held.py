"""Variables that a complaint is about without their names: by the value that it shows, or by its words.

One word of a name stands in many lines; a value beside it, or two words that few names have, do not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from envsnap.knowledge.variables import only_tells
from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries
from envsnap.rules.symptoms import of_variables
from envsnap.rules.symptoms.naming import (
    AS_SET,
    COMPLAINING,
    COMPLAINS,
    MOST_LINES,
    NOT_SET,
    REFUSED,
    REFUSES,
    loud_lines,
    of_variable,
)
from envsnap.rules.symptoms.reading import Evidence, Reading


def held(reading: Reading, manifest: Manifest, moved: Collection[str] | None) -> Iterator[Evidence]:
    """The variables; `moved` are the names of those that differ, None where nothing is compared."""
    variables = _candidates(manifest, moved)
    if not variables:
        return
    complaints = [
        (number, line)
        for number, line in loud_lines(reading, reading.lines.with_any(COMPLAINING))
        if COMPLAINS.search(line) or of_variables.OF_A_PATH.search(line)
    ]
    for number, line in reversed(complaints[-MOST_LINES:]):
        around = _around(reading, number)
        for name, value in variables.items():
            if not of_variables.complains_of(name, value, line, around):
                continue
            is_refused = bool(value) and REFUSES.search(line) is not None
            row = REFUSED if is_refused else AS_SET
            row = row if name in entries(manifest, "env_vars") else NOT_SET
            yield of_variable(row, name, line, reading.lines.numbered(number), value)


def _candidates(manifest: Manifest, moved: Collection[str] | None) -> dict[str, str]:
    """Variables that may be meant, with their values; empty for one that is not set here."""
    stated = {
        name: value
        for name, value in entries(manifest, "env_vars").items()
        if isinstance(value, str)
    }
    names = stated if moved is None else moved
    return {name: stated.get(name, "") for name in names if not only_tells(name)}


def _around(reading: Reading, number: int) -> str:
    """Where the innermost frame of the traceback that a line ends is, and what it says."""
    told = reading.lines.numbered(number)
    for item in reading.evidence:
        if item.raised is not None and item.number == told and item.raised.frames:
            last = item.raised.frames[-1]
            # The folders of a library have the words of its variables: mlflow/tracking.
            return f"{last.file.rpartition('/')[2]} {last.source}"
    return ""
