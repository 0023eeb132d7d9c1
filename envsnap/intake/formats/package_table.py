"""A table of packages: in Markdown, or drawn with lines, as pdm and rich draw it.

Only a table whose heading names one column of packages and one of versions. In a table that
somebody wrote, rows of Python, CUDA or the operating system are no packages.
"""

from __future__ import annotations

import re

from msgspec import UNSET, Struct

from envsnap.intake.formats import machine, names
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.python import Package

BAR = re.compile(r"\s*[|\u2502\u2503\u2551]\s*")
ROW = re.compile(r"^\s{0,8}[|\u2502\u2503\u2551].*[|\u2502\u2503\u2551]$")
RULE = re.compile(r"^\s{0,8}[-+=|: \u2500-\u257f]{3,}$")
BOTTOM = re.compile(r"^\s{0,8}[\u2514\u2517\u255a\u2570][\u2500-\u257f]+$")
LINK = re.compile(r"^\[([^\]]{1,130})\]\([^)\s]{0,300}\)$")
MARKS = "`* "
PACKAGES = frozenset(("package", "packages", "library", "module", "distribution", "dependency"))
VERSIONS = frozenset(("version", "installed version", "installed"))
PDM = ("name", "version", "location")
# What people write into such a table that is no distribution, whatever an index has by that name.
NO_PACKAGES = frozenset(
    ("python", "cuda", "cudnn", "nccl", "driver", "nvidia-driver", "gpu", "os", "ubuntu", "linux", "gcc", "rocm",
     "docker", "conda", "node", "nodejs", "java", "git", "nvidia", "kernel", "windows", "macos")
)  # fmt: skip
FEWEST = 2


class Table(Struct):
    """Rows of cells below a heading: where name and version stand, and whether the end is there."""

    name: int
    version: int
    rows: list[list[str]]
    pdm: bool
    ended: bool


def recognise(source: Source) -> bool:
    """A heading with a column of packages and one of versions, most rows with both."""
    return any(map(_is_list, _tables(source)))


def _is_list(table: Table) -> bool:
    fits = sum(_pair(table, row) is not None for row in table.rows)
    return fits >= FEWEST and fits * 2 > len(table.rows)


def _tables(source: Source) -> list[Table]:
    """Every table of the text with such a heading."""
    found: list[Table] = []
    open_table: Table | None = None
    for line in source.bare:
        if ROW.match(line) and not RULE.match(line):
            cells = [_cell(cell) for cell in BAR.split(line)[1:-1]]
            if open_table is None:
                open_table = _headed(cells)
                found.append(open_table)
            else:
                open_table.rows.append(cells)
        elif not RULE.match(line):
            open_table = None
        elif BOTTOM.match(line) and open_table is not None:
            open_table.ended, open_table = True, None
    return [table for table in found if table.name >= 0]


def _headed(cells: list[str]) -> Table:
    """A table by its heading; without the columns it has no place for a name."""
    words = [cell.lower() for cell in cells]
    pdm = tuple(words) == PDM
    named = [place for place, word in enumerate(words) if word in PACKAGES or (pdm and not place)]
    versioned = [place for place, word in enumerate(words) if word in VERSIONS]
    one = len(named) == 1 and len(versioned) == 1
    return Table(named[0] if one else -1, versioned[0] if one else -1, [], pdm, ended=False)


def _cell(text: str) -> str:
    text = text.strip(MARKS)
    link = LINK.match(text)
    return link[1].strip(MARKS) if link is not None else text


def _pair(table: Table, row: list[str]) -> tuple[str, str] | None:
    """Name and version of a row; None for what states no version of a distribution."""
    if len(row) <= max(table.name, table.version):
        return None
    name, version = row[table.name], row[table.version]
    if not names.is_name(name) or not names.is_version(version):
        return None
    return name, version


def read(source: Source) -> Draft:
    """The distributions with a version; what pdm drew to its end has all their names."""
    tables = [table for table in _tables(source) if _is_list(table)]
    if len(tables) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(tables)} tables of packages; put each into a file of its own"
        )
    table = tables[0]
    draft = Draft(
        "the output of pdm list" if table.pdm else "a table of packages",
        "installed" if table.pdm else "stated",
    )
    unread = 0
    for row in table.rows:
        pair = _pair(table, row)
        if pair is None:
            unread += 1
        elif table.pdm or canonical(pair[0]) not in NO_PACKAGES:
            _add(draft, table, row, pair)
        elif canonical(pair[0]) == "python":
            machine.python(draft, pair[1])
        else:
            unread += 1
    if unread:
        draft.leave("rows that state no version of a distribution", unread)
    elif table.pdm and table.ended:
        draft.complete("packages", names_only=True)
    return draft


def _add(draft: Draft, table: Table, row: list[str], pair: tuple[str, str]) -> None:
    editable = table.pdm and row[-1].startswith("-e ")
    if not draft.doubt(canonical(pair[0]), pair[1]):
        draft.package(pair[0], Package(version=pair[1], editable=True if editable else UNSET))
