"""`rocm-smi` with the options that name things, as text or JSON."""

from __future__ import annotations

import re

from msgspec import UNSET

from envsnap.intake.formats import machine, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Gpu, Rocm
from envsnap.model.host import GpuIdentity

BANNER = re.compile(r"ROCm System Management Interface")
LINE = re.compile(r"^GPU\[(\d{1,3})\]\s*:\s*([A-Za-z][^:]{1,60}?)\s*:\s*(.*)$")
DRIVER = re.compile(r"^Driver version:\s*(\d[\w.+-]*)$")
# The table that `rocm-smi` prints alone: it counts GPUs, and names none.
HEAD = re.compile(r"^(?:GPU|Device)\s.*\bVRAM%\s+GPU%")
ROW = re.compile(r"^(\d{1,3})\s+\S.*%")
CARD = re.compile(r"^card(\d{1,3})$")
TARGET = re.compile(r"gfx[0-9a-f]{3,5}")


def recognise(source: Source) -> bool:
    """The banner with lines for GPUs or the driver; or JSON with cards."""
    tree = source.json
    if isinstance(tree, dict):
        return any(CARD.match(key) and isinstance(value, dict) for key, value in tree.items())
    if not BANNER.search(source.text):
        return False
    return any(
        LINE.match(line) or DRIVER.match(line) or HEAD.match(line) for line in _lines(source)
    )


def _lines(source: Source) -> list[str]:
    return [line.strip() for line in source.bare]


def read(source: Source) -> Draft:
    """Names, targets and memory of the GPUs, and the driver."""
    draft = Draft("the output of rocm-smi", "stated")
    if isinstance(source.json, dict):
        for key, value in source.json.items():
            card = CARD.match(key)
            for name, told in value.items() if isinstance(value, dict) else ():
                if card is not None:
                    _fact(draft, int(card[1]), str(name), str(told))
                elif str(name).lower() == "driver version":
                    draft.add(Rocm(complete=False, driver=str(told)))
    _text(draft, _lines(source))
    if draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft


def _text(draft: Draft, lines: list[str]) -> None:
    inside = False
    for line in lines:
        found, driver = LINE.match(line), DRIVER.match(line)
        row = ROW.match(line) if inside else None
        inside = inside or HEAD.match(line) is not None
        if found is not None:
            _fact(draft, int(found[1]), found[2], found[3].strip())
        elif driver is not None:
            draft.add(Rocm(complete=False, driver=driver[1]))
        elif row is not None:
            draft.gpu(int(row[1]))
        elif inside and draft.entries("gpus") and set(line) <= {"="}:
            inside = False


def _fact(draft: Draft, index: int, key: str, value: str) -> None:
    draft.gpu(index)
    low = key.lower()
    if machine.says_nothing(value):
        return
    if low in ("card series", "device name") and not value.startswith("0x"):
        draft.gpu(index, Gpu(name=value))
    elif low == "gfx version" and TARGET.fullmatch(value):
        draft.gpu(index, Gpu(compute_capability=value))
    elif low == "vram total memory (b)":
        draft.gpu(index, Gpu(memory_total=trees.whole(value)))
    elif low == "vbios version":
        draft.gpu(index, Gpu(vbios=value))
    elif low == "pci bus":
        draft.card(index, GpuIdentity(pci_bus_id=value))
    elif low == "unique id":
        draft.card(index, GpuIdentity(uuid=value or UNSET))
