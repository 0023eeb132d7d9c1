"""`pip list` and `uv pip list`: the table, wherever it stands in a text, and pip's old form."""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import UNSET

from envsnap.intake.formats import machine, names, transcript
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.requirements_txt import is_named_so
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.knowledge.roles import is_known
from envsnap.model.python import Package

HEADER = re.compile(
    r"^(?P<prefix>[ \t>|]{0,12})Package {1,120}Version(?: {1,200}[A-Z][A-Za-z ]{1,200})?$"
)
TABBED = re.compile(r"Package\tVersion(?:\t|$)")
DASHES = re.compile(r"^-+(?: +-+){1,6}$")
OF_DEBIAN = re.compile(r"\d[\w.+~-]{0,60}(?:build|ubuntu|deb|dfsg)[\w.+~-]{0,20}")
BY_UV = re.compile(r"Using Python (\d\.\d{1,2}\.\d{1,3}) environment at:? ")
OLD = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*) \(([^\s(),]+)(?:, [^()]*)?\)$")
ROW = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]{0,100})\s{2,}(?P<version>\S{1,60})(?:\s.*)?")
LISTED = re.compile(r"(?:pip3?(?:\.\d+)?|uv pip|python\S* -m pip)\s+list\b(?!.*freeze)")
# What stands below a whole table: nothing, a fence, and what pip says of itself.
END = re.compile(r"$|```|~~~|\[notice\]|WARNING|DEPRECATION|You are using pip|You should consider")
# Of pip alone: what it says of itself, and where an editable distribution lies.
NOTICED = re.compile(
    r"DEPRECATION: The default format|You are using pip version|\(\S+, /\S+\)$|^# pip list"
)
AHEAD = 2  # lines below a line that is no row, in which a row says that the table goes on


def recognise(source: Source) -> bool:
    """A header above a line of dashes, or the form of pip 8: `name (version)` in every line."""
    return any((_tables(source), _is_old(source), _rows_alone(source), _tabbed(source)))


def _tables(source: Source) -> list[int]:
    lines = source.lines
    return [
        place
        for place, line in enumerate(lines[:-1])
        if (header := HEADER.match(line))
        and DASHES.match(lines[place + 1][len(header["prefix"]) :].rstrip(" |"))
        and lines[place + 1].startswith(header["prefix"])
    ]


def _rows_alone(source: Source) -> list[re.Match[str]]:
    """Rows that a typed command printed without their head, which a filter left out."""
    said = transcript.after(source, LISTED)
    told = [line.strip() for line in said or () if line.strip()]
    found = [ROW.fullmatch(line) for line in told]
    rows = [row for row in found if row is not None and names.is_version(row["version"])]
    return rows if len(rows) == len(told) else []


def _tabbed(source: Source) -> list[tuple[str, str]]:
    """Rows of a table that went through a spreadsheet: tabs between its columns, and no dashes."""
    start = next((at for at, line in enumerate(source.lines) if TABBED.match(line)), None)
    rows = (
        [line.split("\t") for line in source.lines[start + 1 :] if line]
        if start is not None
        else []
    )
    good = all(
        len(row) > 1 and names.is_name(row[0]) and names.is_version(row[1].strip()) for row in rows
    )
    return [(row[0], row[1].strip()) for row in rows] if good else []


def _is_old(source: Source) -> bool:
    lines = [
        line.strip()
        for line in source.lines
        if line.strip() and not END.match(line.strip()) and transcript.command(line) is None
    ]
    rows = [found for line in lines if (found := OLD.match(line)) and names.is_version(found[2])]
    # Films with years have this form, too.
    is_pips = 2 * sum(is_known(canonical(row[1])) for row in rows) >= len(rows)
    is_told = (
        transcript.after(source, LISTED) is not None
        or any(NOTICED.search(line) for line in source.lines)
        or is_named_so(source)
    )
    return len(rows) > 1 and len(rows) == len(lines) and (is_pips or is_told)


def read(source: Source) -> Draft:
    """The packages; complete in its names unless columns or the command say otherwise."""
    draft = Draft("the output of pip list", "installed")
    tables = _tables(source)
    if len(tables) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(tables)} outputs of pip list; put each into a file of its own"
        )
    if not tables:
        _without_table(draft, source)
        return draft
    for line in source.lines[max(0, tables[0] - AHEAD) : tables[0]]:
        if (told := BY_UV.match(line.strip())) is not None:
            machine.python(draft, told[1])
    rows, whole, unread = _rows(source, tables[0])
    for name, version, editable in rows:
        known = UNSET if draft.doubt(canonical(name), version) else version
        draft.package(canonical(name), Package(version=known, editable=editable or UNSET))
    if unread:
        draft.leave("lines inside the table that are no rows", unread)
    else:
        draft.list_packages(whole=whole and _is_everything(source, tables[0], rows))
    return draft


def _without_table(draft: Draft, source: Source) -> None:
    """Rows whose head a filter left out, or pip's old form."""
    alone = [(row["name"], row["version"]) for row in _rows_alone(source)]
    matches = (OLD.match(line.strip()) for line in source.lines)
    old = [(found[1], found[2]) for found in matches if found is not None]
    for name, version in alone or _tabbed(source) or old:
        draft.package(canonical(name), Package(version=version))
    is_part = bool(alone) or transcript.PART.search(transcript.typed(source, LISTED)) is not None
    draft.list_packages(whole=not is_part)


def _rows(source: Source, start: int) -> tuple[list[tuple[str, str, bool]], bool, int]:
    """Name, version and whether it is editable, of each row; whether the table has its end.

    What is no row, with rows below it, is inside the table, and counted.
    """
    header = HEADER.match(source.lines[start])
    assert header is not None
    prefix = len(header["prefix"])
    spans = [found.span() for found in re.finditer("-+", source.lines[start + 1][prefix:])]
    rows: list[tuple[str, str, bool]] = []
    read = [
        _cells(line[prefix:], spans) if line[:prefix].strip(" \t>|") == "" else None
        for line in source.lines[start + 2 :]
    ]
    titles = [source.lines[start][prefix:][begin:] for begin, _ in spans]
    editable = [place for place, title in enumerate(titles) if title.startswith("Editable")]
    unread = 0
    for place, cells in enumerate(read):
        if cells is not None:
            rows.append((cells[0], cells[1], any(map(cells.__getitem__, editable))))
        elif not any(read[place + 1 : place + 1 + AHEAD]):
            line = source.lines[start + 2 + place][prefix:].strip()
            ends = END.match(line) is not None or transcript.command(line) is not None
            return rows, ends, unread
        else:
            unread += 1
    return rows, not source.cut, unread


def _cells(line: str, spans: list[tuple[int, int]]) -> list[str] | None:
    """A row by the columns that the dashes show; None for what is no row.

    Where one blank parts the columns, something may have squeezed the others: the words are the cells.
    """
    words = line.split()
    is_narrow = all(after[0] - before[1] == 1 for before, after in pairwise(spans))
    if is_narrow and len(words) == len(spans) == 2 and names.is_name(words[0]):
        return words if _is_release(words[1]) else None
    cells = [line[begin:end].strip() for begin, end in spans[:-1]]
    cells.append(line[spans[-1][0] :].strip(" |"))
    gaps = "".join(line[end : spans[place + 1][0]] for place, (_, end) in enumerate(spans[:-1]))
    version = cells[1].split(" ")[0] if len(spans) == 2 else cells[1]
    if gaps.strip() or not names.is_name(cells[0]) or not _is_release(version):
        return None
    return [cells[0], version, *cells[2:]] if version == cells[1] else None


def _is_release(text: str) -> bool:
    return names.is_version(text) or OF_DEBIAN.fullmatch(text) is not None


def _is_everything(source: Source, start: int, rows: list[tuple[str, str, bool]]) -> bool:
    header = source.lines[start]
    typed = [line for line in source.lines[max(0, start - 3) : start] if transcript.command(line)]
    if "Latest" in header or any(transcript.PART.search(line) for line in typed):
        return False
    return not (rows and all(editable for _, _, editable in rows))
