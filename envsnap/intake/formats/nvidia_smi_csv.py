"""`nvidia-smi --query-gpu=… --format=csv`, with its head line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from envsnap.intake.formats import nvidia_facts, segments, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import FENCE, Source

FIELDS = {
    "index", "count", "name", "gpu_name", "uuid", "gpu_uuid", "driver_version", "memory.total",
    "pci.bus_id", "gpu_bus_id", "compute_cap", "vbios_version", "persistence_mode",
    "ecc.mode.current", "mig.mode.current", "compute_mode", "clocks.max.sm", "clocks.max.memory",
    "serial", "gpu_serial", "inforom.img", "timestamp", "power.limit", "power.default_limit",
}  # fmt: skip
TELL_CARDS = {"index", "uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id", "serial", "gpu_serial"}
OF_ONE_CARD = (
    "uuid",
    "pci.bus_id",
    "serial",
)  # with `-l 5` each card has a line every five seconds
TIME, ROUND = "%Y/%m/%d %H:%M:%S.%f", 0.5  # how a time is printed; seconds
ALIASES = {
    "gpu_name": "name",
    "gpu_uuid": "uuid",
    "gpu_bus_id": "pci.bus_id",
    "gpu_serial": "serial",
}


# The command that was typed above lines without a head: it names the columns.
COMMAND = re.compile(
    r"nvidia-smi(?:\.exe)?\s.*?--query-gpu=(?P<names>[\w.,]+)(?=.*--format=csv\S*noheader)"
)


def recognise(source: Source) -> bool:
    """A line of field names as nvidia-smi has them: in a first line two, in another one all."""
    return bool(_heads(_lines(source)))


def _lines(source: Source) -> list[str]:
    """The lines, with the names that a command asks for in its place; an empty one below a head is none."""
    found: list[str] = []
    for line in map(str.strip, source.lines):
        command = COMMAND.search(line)
        if not line and found and _is_head(found[-1]):
            continue
        found.append(command["names"] if command is not None else line)
    return found


def _is_head(line: str) -> bool:
    return len(columns := set(_columns(line))) > 1 and columns <= FIELDS


def _heads(lines: list[str]) -> list[int]:
    first = next((place for place, line in enumerate(lines) if line), 0)
    return [
        place
        for place, line in enumerate(lines)
        if "nvidia-smi" not in line
        and (_is_head(line) or (place == first and len(FIELDS & set(_columns(line))) > 1))
    ]


def _table(source: Source) -> list[str]:
    """The line of names and the lines below it; in other text up to an empty one or a fence."""
    lines = _lines(source)
    heads = _heads(lines)
    if len(heads) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(heads)} outputs of nvidia-smi --query-gpu; put each into a"
            " file of its own"
        )
    below = lines[heads[0] :]
    is_alone = not any(lines[: heads[0]])
    ends = (
        place
        for place, line in enumerate(below)
        if (place and segments.START.match(line))
        or (not is_alone and (not line or FENCE.match(line)))
    )
    return [line for line in below[: next(ends, len(below))] if line]


def _columns(line: str) -> list[str]:
    return [part.strip().split(" [")[0] for part in line.split(",")]


def read(source: Source) -> Draft:
    """One GPU a line."""
    draft = Draft("the output of nvidia-smi --query-gpu", "stated")
    lines = _table(source)
    columns = _columns(lines[0])
    drivers = set()
    cards: dict[tuple[str, str], int] = {}
    for order, facts in _rows(draft, columns, lines[1:]):
        index = number if isinstance(number := trees.whole(facts.get("index")), int) else order
        card = next(((key, facts[key]) for key in OF_ONE_CARD if key in facts), None)
        if card is not None and cards.setdefault(card, index) != index:
            draft.leave("further lines of a card", beside=True)
            continue
        nvidia_facts.add(draft, index, facts)
        if not nvidia_facts.NO_VALUE.fullmatch(facts.get("driver_version", "")):
            drivers.add(facts.get("driver_version"))
    if len(drivers) > 1:
        raise RefusedError(
            f"{source.name}: its lines name {len(drivers)} driver versions: they are of several hosts"
        )
    if drivers - {None}:
        nvidia_facts.versions(draft, str(drivers.pop()))
    if not source.cut:
        nvidia_facts.list_gpus(draft)
    return draft


def _rows(
    draft: Draft, columns: list[str], lines: list[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The place and the fields of each line; of lines that name no card those of the first time."""
    timed = "timestamp" in columns and not TELL_CARDS & set(columns)
    first = ""
    for order, line in enumerate(lines):
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(columns):
            draft.leave("lines with another number of fields")
            continue
        facts = {ALIASES.get(key, key): value for key, value in zip(columns, cells, strict=True)}
        first = first or facts.get("timestamp", "")
        if timed and _is_later(facts["timestamp"], first):
            draft.leave("lines of later times, which name no card", beside=True)
        else:
            yield order, facts


def _is_later(time: str, first: str) -> bool:
    """Whether a line was printed in another round; the lines of one follow one another at once."""
    try:
        begun, now = (dt.datetime.strptime(each, TIME) for each in (first, time))  # noqa: DTZ007 (no zone is printed)
    except ValueError:
        return time != first
    return abs((now - begun).total_seconds()) >= ROUND
