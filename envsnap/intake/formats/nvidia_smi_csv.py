"""`nvidia-smi --query-gpu=… --format=csv`, with its head line."""

from __future__ import annotations

from envsnap.intake.formats import nvidia_facts, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

FIELDS = {
    "index", "count", "name", "gpu_name", "uuid", "gpu_uuid", "driver_version", "memory.total",
    "pci.bus_id", "gpu_bus_id", "compute_cap", "vbios_version", "persistence_mode",
    "ecc.mode.current", "mig.mode.current", "compute_mode", "clocks.max.sm", "clocks.max.memory",
    "serial", "gpu_serial", "inforom.img", "timestamp",
}  # fmt: skip
ALIASES = {
    "gpu_name": "name",
    "gpu_uuid": "uuid",
    "gpu_bus_id": "pci.bus_id",
    "gpu_serial": "serial",
}


def recognise(source: Source) -> bool:
    """A first line of field names as nvidia-smi has them, two of them known at least."""
    first = next((line for line in source.lines if line.strip()), "")
    columns = _columns(first)
    return len(columns) > 1 and len(FIELDS & set(columns)) > 1


def _columns(line: str) -> list[str]:
    return [part.strip().split(" [")[0] for part in line.split(",")]


def read(source: Source) -> Draft:
    """One GPU a line."""
    draft = Draft("the output of nvidia-smi --query-gpu", "stated")
    lines = [line for line in source.lines if line.strip()]
    columns = _columns(lines[0])
    drivers = set()
    for order, line in enumerate(lines[1:]):
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(columns):
            draft.leave("lines with another number of fields")
            continue
        facts = {ALIASES.get(key, key): value for key, value in zip(columns, cells, strict=True)}
        index = number if isinstance(number := trees.whole(facts.get("index")), int) else order
        nvidia_facts.add(draft, index, facts)
        drivers.add(facts.get("driver_version"))
    if len(drivers) > 1:
        raise RefusedError(
            f"{source.name}: its lines name {len(drivers)} driver versions: they are of several hosts"
        )
    if drivers - {None}:
        nvidia_facts.versions(draft, str(drivers.pop()))
    if not source.cut and draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft
