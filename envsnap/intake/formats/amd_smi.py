"""`amd-smi static` and `amd-smi list`, as text or JSON.

The size of the memory is in MiB, whatever the unit says: 196592 MB of an MI300X are the
206141652992 bytes that rocm-smi names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import machine, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Gpu, Rocm
from envsnap.model.host import GpuIdentity

HEAD = re.compile(r"^GPU: (\d{1,3})$")
PART = re.compile(r"^ {4}([A-Z][A-Z0-9_]{1,40}):(?: (.*))?$")
FACT = re.compile(r"^ {8}([A-Z][A-Z0-9_]{1,40}):(?: (.*))?$")
PARTS = frozenset(("asic", "bus", "vram", "driver", "bdf", "kfd_id"))
TARGET = re.compile(r"gfx[0-9a-f]{3,5}")
SIZE = re.compile(r"(\d{1,9}) MB")
# Where a module is the kernel's own, amd-smi prints the kernel's version in its place.
DRIVER = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}(?:[.-]\w{1,20}){0,3}")


def recognise(source: Source) -> bool:
    """GPUs by number, each with parts that only this program names so."""
    return any(PARTS & set(told) for _, told in _gpus(source))


def _gpus(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each GPU's index and what is told of it, under small names."""
    tree = source.json
    if isinstance(tree, dict):
        tree = tree.get("gpu_data")
    if isinstance(tree, list):
        for item in trees.records({"gpus": tree}, "gpus"):
            index = item.get("gpu")
            if isinstance(index, int) and not isinstance(index, bool):
                yield index, item
    elif source.json is None:
        yield from _blocks(source)


def _blocks(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    index, told, part = -1, dict[str, Any](), ""
    for line in (*source.bare, ""):
        if not line.strip():
            continue
        head, section, fact = HEAD.match(line), PART.match(line), FACT.match(line)
        if index >= 0 and not line.startswith(" "):
            yield index, told
            index = -1
        if head is not None:
            index, told, part = int(head[1]), {}, ""
        elif index >= 0 and section is not None:
            part = section[1].lower()
            told[part] = section[2].strip() if section[2] else {}
        elif index >= 0 and fact is not None and isinstance(told.get(part), dict):
            told[part][fact[1].lower()] = (fact[2] or "").strip()
    if index >= 0:
        yield index, told


def read(source: Source) -> Draft:
    """Names, targets, units and memory of the GPUs, and the driver."""
    draft = Draft("the output of amd-smi", "stated")
    seen: set[int] = set()
    drivers: set[str] = set()
    for index, told in _gpus(source):
        if index in seen:
            raise RefusedError(
                f"{source.name}: names GPU {index} twice; keep one output of amd-smi in a file"
            )
        seen.add(index)
        _gpu(draft, index, told)
        driver = _said(told, "driver", "version")
        drivers.update([driver] if isinstance(driver, str) and DRIVER.fullmatch(driver) else [])
    if len(drivers) == 1:
        draft.add(Rocm(complete=False, driver=drivers.pop()))
    return draft


def _gpu(draft: Draft, index: int, told: dict[str, Any]) -> None:
    target = _said(told, "asic", "target_graphics_version")
    known = isinstance(target, str) and TARGET.fullmatch(target)
    draft.gpu(
        index,
        Gpu(
            name=_said(told, "asic", "market_name"),
            compute_capability=target if known else UNSET,
            memory_total=_memory(trees.at(told, "vram", "size")),
            sm_count=trees.whole(trees.at(told, "asic", "num_compute_units")),
        ),
    )
    bus = _said(told, "bus", "bdf") or _said(told, "bdf")
    uuid = _said(told, "uuid")
    if isinstance(bus, str) or isinstance(uuid, str):
        draft.card(index, GpuIdentity(pci_bus_id=bus, uuid=uuid))


def _said(told: dict[str, Any], *keys: str) -> str | UnsetType:
    value = trees.text(told, *keys)
    return UNSET if value is UNSET or machine.says_nothing(value) else value


def _memory(value: Any) -> int | UnsetType:
    if isinstance(value, dict) and value.get("unit") == "MB":
        size = trees.whole(value.get("value"))
    else:
        found = SIZE.fullmatch(value) if isinstance(value, str) else None
        size = int(found[1]) if found is not None else UNSET
    return size << 20 if isinstance(size, int) else UNSET
