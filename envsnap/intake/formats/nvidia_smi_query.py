"""`nvidia-smi -q`: a log of keys by indentation; and `nvidia-smi -L`."""

from __future__ import annotations

import re

from envsnap.intake.formats import machine, nvidia_facts
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Gpu

BANNER = re.compile(r"^=+NVSMI LOG=+$")
GPU = re.compile(r"^GPU ([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s*$")
PAIR = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][\w /().-]{0,60}?)\s*(?:: (?P<value>.*))?$")
LISTED = re.compile(r"^GPU (\d{1,3}): (\S.*) \(UUID: GPU-[0-9a-fA-FxX*-]{8,60}\)$")
PART = re.compile(r"^\s+MIG (\S+)\s+Device\s+\d{1,3}: \(UUID: MIG-")
FIELDS = {
    ("product name",): "name",
    ("persistence mode",): "persistence_mode",
    ("mig mode", "current"): "mig.mode.current",
    ("ecc mode", "current"): "ecc.mode.current",
    ("gpu uuid",): "uuid",
    ("serial number",): "serial",
    ("vbios version",): "vbios_version",
    ("inforom version", "image version"): "inforom.img",
    ("fb memory usage", "total"): "memory.total",
    ("compute mode",): "compute_mode",
    ("gsp firmware version",): "gsp_firmware_version",
    ("applications clocks", "graphics"): "clocks.applications.graphics",
    ("gpu power readings", "current power limit"): "enforced.power.limit",
    ("gpu power readings", "requested power limit"): "power.limit",
    ("gpu power readings", "default power limit"): "power.default_limit",
    ("power readings", "power limit"): "power.limit",
    ("power readings", "default power limit"): "power.default_limit",
    ("pci", "gpu link info", "pcie generation", "max"): "pcie.link.gen.max",
    ("pci", "gpu link info", "link width", "max"): "pcie.link.width.max",
    ("max clocks", "sm"): "clocks.max.sm",
    ("max clocks", "memory"): "clocks.max.memory",
}


def recognise(source: Source) -> bool:
    """The banner of the log, or a line of the list of -L, which has a UUID."""
    lines = _lines(source)
    return any(map(BANNER.match, lines)) or _is_list(lines)


def _lines(source: Source) -> list[str]:
    return list(source.bare)


def _is_list(lines: list[str]) -> bool:
    return any(map(LISTED.match, lines)) and not any(map(BANNER.match, lines))


def read(source: Source) -> Draft:
    """The driver, and each GPU in the order in which they stand."""
    draft = Draft("the output of nvidia-smi -q", "stated")
    lines = _lines(source)
    if _is_list(lines):
        draft = Draft("the output of nvidia-smi -L", "stated")
        told = {line for line in lines if LISTED.match(line)}
        indices = [line.partition(":")[0] for line in told]
        if len(set(indices)) < len(indices):
            raise RefusedError(
                f"{source.name}: holds lists of nvidia-smi -L of several hosts; put each into a file"
                " of its own"
            )
        for line in sorted(told, key=lines.index):
            machine.gpu_name(draft, int(line[4:].partition(":")[0]), line.partition(": ")[2])
        parts = _parts(lines)
        for index in parts:
            draft.gpu(index, Gpu(mig=True))
        nvidia_facts.slices(draft, parts)
        nvidia_facts.list_gpus(draft)
        return draft
    banners = [place for place, line in enumerate(lines) if BANNER.match(line)]
    if len(banners) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(banners)} logs of nvidia-smi -q; put each into a file of its own"
        )
    _log(draft, lines[banners[0] + 1 :])
    return draft


def _parts(lines: list[str]) -> dict[int, dict[str, list[str]]]:
    """The parts of GPUs (MIG devices) by the GPU below which they stand."""
    found: dict[int, dict[str, list[str]]] = {}
    above: int | None = None
    for line in lines:
        part = PART.match(line)
        if LISTED.match(line):
            above = int(line[4:].partition(":")[0])
        elif above is not None and part is not None:
            found.setdefault(above, {"profiles": []})["profiles"].append(part[1])
    return found


def _log(draft: Draft, lines: list[str]) -> None:
    head: dict[str, str] = {}
    gpus: list[dict[str, str]] = []
    above: list[tuple[int, str]] = []
    for line in lines:
        gpu, pair = GPU.match(line), PAIR.match(line)
        if gpu is not None:
            gpus.append({"pci.bus_id": gpu[1]})
            above = []
        elif pair is not None:
            _take(pair, above, gpus, head)
        elif line.strip() and not line.startswith((" ", "[")):
            break  # the log is over; what hooks print into it is in brackets
    driver, cuda = (
        next((head[key] for key in keys if head.get(key)), "")
        for keys in (("driver version", "kmd version"), ("cuda version", "cuda umd version"))
    )
    nvidia_facts.versions(draft, driver, cuda)
    for index, facts in enumerate(gpus):
        nvidia_facts.add(draft, index, facts)
    if gpus and head.get("attached gpus") == str(len(gpus)):
        draft.complete("gpus", names_only=True)


def _take(
    pair: re.Match[str],
    above: list[tuple[int, str]],
    gpus: list[dict[str, str]],
    head: dict[str, str],
) -> None:
    indent, key, value = len(pair["indent"]), pair["key"].strip().lower(), pair["value"]
    while above and above[-1][0] >= indent:
        above.pop()
    if value is None:
        above.append((indent, key))
    elif gpus:
        field = FIELDS.get((*(name for _, name in above), key))
        if field is not None:
            gpus[-1].setdefault(field, value.strip())
    else:
        head.setdefault(key, value.strip())
