"""`poetry show`: the locked versions, each with what the project says of itself.

A row with (!) is not installed, and of the others poetry prints the lock's version, whatever is
installed: so this is what is wanted.
"""

from __future__ import annotations

import re

from envsnap.intake.formats import names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import FENCE, Source
from envsnap.intake.formats.transcript import command
from envsnap.knowledge.names import canonical
from envsnap.model.wanted import Choice

ROW = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.-]{0,120}) +(?:\(!\) +)?(?P<version>[0-9v]\S{0,60})"
    r"(?: +(?P<latest>[0-9]+\.\S{1,60}))?(?: (?P<place>\.{0,2}/\S+|[0-9a-f]{7,40}))?(?: +(?P<said>\S.*))?$"
)
FEWEST = 2
WORDS = 3  # of a description; a build or a channel is one


def recognise(source: Source) -> bool:
    """Names, versions and sentences, each in a column of its own, and nothing else."""
    rows = [ROW.match(line) for line in _lines(source)]
    found = [row for row in rows if row and names.is_version(row["version"])]
    if len(found) < FEWEST or len(found) < len(rows):
        return False
    if len({row["name"] for row in found}) < len(found):
        return False  # a log, of which each line begins with one word and a number
    said = [row for row in found if row["said"]]
    sentences = sum(len(row["said"].split()) >= WORDS for row in said)
    aligned = {row.start("version") for row in found}, {row.start("said") for row in said}
    return sentences * 2 > len(found) and all(len(column) == 1 for column in aligned)


def _lines(source: Source) -> list[str]:
    """The rows: without fences and the command that printed them."""
    return [
        line
        for line in source.bare
        if line.strip() and not FENCE.match(line) and command(line) is None
    ]


def read(source: Source) -> Draft:
    """The versions that the lock names."""
    draft = Draft("the output of poetry show", "wanted")
    for line in _lines(source):
        row = ROW.match(line)
        assert row is not None
        draft.want(canonical(row["name"]), Choice(version=row["version"]))
    if source.cut:
        draft.leave_end(source.cut)
    return draft
