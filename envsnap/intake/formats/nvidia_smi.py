"""The table of nvidia-smi, wherever it stands in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from envsnap.intake.formats import nvidia_facts
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

HEADER = re.compile(
    r"^\|\s*NVIDIA-SMI\s+(\S+)\s+(?:Driver|KMD) Version:\s*(\S+)"  # KMD, UMD: since R610
    r"(?:\s+CUDA (?:UMD )?Version:\s*(\S+))?\s*\|$"
)
FIRST = re.compile(r"^\s*(\d{1,3})\s+(\S.*?)\s+(On|Off|N/A|WDDM|TCC|MCDM)\s*$")
BUS = re.compile(r"([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s+(?:On|Off|N/A)")
NO_BUS = re.compile(r"\s*N/A\s+N/A\s*")  # of Jetson: the GPU is a part of the chip
CAP = re.compile(r"/\s{0,9}(\d{1,5}W)\s{0,9}$")
MEMORY = re.compile(r"(?<!\d)\d{1,9}MiB\s{0,9}/\s{0,9}(\d{1,9}MiB)")
USE = re.compile(
    r"(?:\d{1,3}%|N/A|ERR!)\s{1,99}(Default|E\. Process|E\. Thread|Prohibited)\s{0,99}$"
)
# GPU, instance, compute instance, device | memory | multiprocessors
SLICE = re.compile(
    r"\|\s*(\d{1,3})\s+\d{1,3}\s+\d{1,3}\s+\d{1,3}\s*\|\s*\d{1,9}MiB\s*/\s*(\d{1,9})MiB\s*\|\s*(\d{1,4})\s"
)
RULE = re.compile(r"^[+|][=+|-]+[+|]$")


class Table(Struct, frozen=True):
    """One table: versions, and the GPUs by index."""

    driver: str
    cuda: str
    gpus: dict[int, dict[str, str]]
    slices: dict[int, dict[str, list[str]]]
    closed: bool  # a border stands below the last GPU


def recognise(source: Source) -> bool:
    """The head line of the table."""
    return "NVIDIA-SMI" in source.text and any(map(HEADER.match, _lines(source)))


def _lines(source: Source) -> list[str]:
    return [line.strip() for line in source.bare]


def read(source: Source) -> Draft:
    """One table; several that say the same are one, as `nvidia-smi -l` prints them."""
    draft = Draft("the output of nvidia-smi", "stated")
    add(draft, source)
    return draft


def add(draft: Draft, source: Source) -> None:
    """Add what the tables of a text say; raises RefusedError where they differ."""
    tables = list(_tables(_lines(source)))
    if not tables:
        return
    if any(table != tables[0] for table in tables[1:]):
        raise RefusedError(
            f"{source.name}: holds {len(tables)} different outputs of nvidia-smi; put each into a"
            " file of its own"
        )
    nvidia_facts.versions(draft, tables[0].driver, tables[0].cuda)
    for index, facts in tables[0].gpus.items():
        nvidia_facts.add(draft, index, facts)
    nvidia_facts.slices(draft, tables[0].slices)
    goes_on = source.cut.startswith(("|", "+"))  # a row without a line end is not read
    if tables[0].gpus and tables[0].closed and not goes_on:
        nvidia_facts.list_gpus(draft)
    elif tables[0].gpus:
        draft.leave("the end of the table, which is cut off")


def _tables(lines: list[str]) -> Iterator[Table]:
    starts = [place for place, line in enumerate(lines) if HEADER.match(line)]
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        found = HEADER.match(lines[start])
        assert found is not None
        told = lines[start + 1 : end]
        rows = [line for line in told if line.startswith("|")]
        last = max((at for at, line in enumerate(told) if _begins_gpu(line)), default=0)
        closed = any(line.startswith("+") for line in told[last:])
        yield Table(found[2], found[3] or "", _gpus(rows), _slices(rows), closed)


def _slices(rows: list[str]) -> dict[int, dict[str, list[str]]]:
    """What GPUs are divided into: memory in MiB, and multiprocessors, in the order of the table."""
    found: dict[int, dict[str, list[str]]] = {}
    for part in filter(None, map(SLICE.match, rows)):
        told = found.setdefault(int(part[1]), {"memory_mib": [], "multiprocessors": []})
        told["memory_mib"].append(part[2])
        told["multiprocessors"].append(part[3])
    return found


def _begins_gpu(row: str) -> bool:
    cells = row.strip("|").split("|")
    return row.startswith("|") and FIRST.match(cells[0]) is not None


def _gpus(rows: list[str]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    index = -1
    for row in rows:
        if RULE.match(row):
            index = -1
            continue
        cells = row.strip("|").split("|")
        first = FIRST.match(cells[0]) if len(cells) == 3 else None
        if first is not None and (BUS.search(cells[1]) or NO_BUS.fullmatch(cells[1])):
            index = int(first[1])
            found[index] = _first(first, cells)
        elif index >= 0 and len(cells) == 3:
            found[index].update(_below(cells))
    return found


def _first(first: re.Match[str], cells: list[str]) -> dict[str, str]:
    bus = BUS.search(cells[1])
    errors = cells[2].strip()
    facts = {"name": first[2]}
    if bus is not None:
        facts["pci.bus_id"] = bus[1]
    if first[3] in ("On", "Off"):
        facts["persistence_mode"] = first[3]
    if errors.isdigit() or errors == "Off":
        facts["ecc.mode.current"] = "Off" if errors == "Off" else "On"
    return facts


def _below(cells: list[str]) -> dict[str, str]:
    facts = {}
    cap = CAP.search(cells[0])
    if cap is not None:
        facts["power.limit"] = cap[1]
    memory, use = MEMORY.search(cells[1]), USE.search(cells[2])
    if memory is not None:
        facts["memory.total"] = memory[1]
    if use is not None:
        facts["compute_mode"] = use[1]
    if cells[2].strip() in ("Enabled", "Disabled") and not cells[1].strip():
        facts["mig.mode.current"] = cells[2].strip()
    return facts
