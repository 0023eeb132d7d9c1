"""What nvidia-smi says of a GPU, in any of its forms, in the words of the model."""

from __future__ import annotations

import re

from msgspec import UNSET, UnsetType

from envsnap.intake.formats import configs, machine
from envsnap.intake.formats.draft import Draft
from envsnap.model.compute import Cuda, Driver, Gpu
from envsnap.model.host import GpuIdentity

NUMBER = re.compile(r"^(\d{1,8})(?:\.\d+)?(?: ?(?:MiB|MHz|W))?$")
WATTS = re.compile(r"^(\d{1,5}(?:\.\d{1,3})?) ?W?$")
CAPABILITY = re.compile(r"^\d{1,2}\.\d$")
VERSION = re.compile(r"^\d{1,4}(?:\.\d{1,4}){1,3}$")
# NVML's numbers for compute modes, under the names that the tool prints.
MODES = {
    "default": 0, "exclusive_thread": 1, "e. thread": 1, "prohibited": 2,
    "exclusive_process": 3, "exclusive process": 3, "e. process": 3,
}  # fmt: skip
# What the tool prints in the place of a value that it cannot have.
NO_VALUE = re.compile(
    r"ERR!|\[?(?:GPU is lost|Unknown Error|N/A|Not (?:Supported|Found|Available)|Insufficient Permissions"
    r"|GPU requires reset|Requested functionality has been deprecated|No Permissions)\]?"
    r"|GPU access blocked by the operating system",
    re.IGNORECASE,
)
REMARK = re.compile(r" \[[^\]\n]{1,200}\]$")


def add(draft: Draft, index: int, facts: dict[str, str]) -> None:
    """Add one GPU from fields under the names of `nvidia-smi --query-gpu`."""
    facts = {key: value for key, value in facts.items() if not NO_VALUE.fullmatch(value.strip())}
    if "name" in facts:
        machine.gpu_name(draft, index, facts["name"])
    draft.gpu(
        index,
        Gpu(
            compute_capability=_matching(facts, "compute_cap", CAPABILITY),
            memory_total=_times(facts.get("memory.total"), 1 << 20),
            vbios=_said(facts, "vbios_version"),
            gsp_firmware=_matching(facts, "gsp_firmware_version", VERSION),
            inforom=_said(facts, "inforom.img"),
            ecc=_switch(facts.get("ecc.mode.current")),
            mig=_switch(facts.get("mig.mode.current")),
            persistence=_switch(facts.get("persistence_mode")),
            compute_mode=MODES.get(facts.get("compute_mode", "").lower(), UNSET),
            clock_max_sm_mhz=_times(facts.get("clocks.max.sm"), 1),
            clock_max_memory_mhz=_times(facts.get("clocks.max.memory"), 1),
            clock_application_sm_mhz=_times(facts.get("clocks.applications.graphics"), 1),
            power_limit_mw=_milliwatts(
                facts.get("power.limit") or facts.get("enforced.power.limit")
            ),
            power_default_mw=_milliwatts(facts.get("power.default_limit")),
            pcie_generation_max=_times(facts.get("pcie.link.gen.max"), 1),
            pcie_width_max=_times(facts.get("pcie.link.width.max", "").rstrip("x"), 1),
        ),
    )
    uuid, bus, serial = (_said(facts, key) for key in ("uuid", "pci.bus_id", "serial"))
    if (uuid, bus, serial) != (UNSET, UNSET, UNSET):
        draft.card(index, GpuIdentity(uuid=uuid, pci_bus_id=bus, serial=serial))


def list_gpus(draft: Draft) -> None:
    """Say that the GPUs so far are all, unless a number between them is missing."""
    numbers = sorted(int(index) for index in draft.entries("gpus"))
    if numbers and numbers == list(range(len(numbers))):
        draft.complete("gpus", names_only=True)
    elif numbers:
        draft.leave("GPUs whose numbers are missing")


def slices(draft: Draft, found: dict[int, dict[str, list[str]]]) -> None:
    """Add what a GPU is divided into (MIG devices), by its index: how much of it a process gets."""
    if found:
        configs.add_tree(draft, "mig", {str(index): told for index, told in found.items()}, "yaml")


def versions(draft: Draft, driver: str, cuda: str = "") -> None:
    """Add the driver's version and the newest CUDA that it supports: never the toolkit's."""
    driver, cuda = REMARK.sub("", driver.strip()), REMARK.sub("", cuda.strip())
    if VERSION.fullmatch(driver.strip()):
        draft.add(Driver(complete=False, version=driver.strip()))
    else:
        machine.silent(draft, "driver", ("version",), driver)
    if VERSION.fullmatch(cuda.strip()):
        draft.add(Cuda(complete=False, driver=cuda.strip()))


def _said(facts: dict[str, str], key: str) -> str | UnsetType:
    value = facts.get(key, "")
    return UNSET if machine.says_nothing(value) or value.startswith("[") else value


def _matching(facts: dict[str, str], key: str, pattern: re.Pattern[str]) -> str | UnsetType:
    value = facts.get(key, "")
    return value if pattern.fullmatch(value) else UNSET


def _times(value: str | None, factor: int) -> int | UnsetType:
    found = NUMBER.fullmatch((value or "").strip())
    return int(found[1]) * factor if found is not None else UNSET


def _milliwatts(value: str | None) -> int | UnsetType:
    found = WATTS.fullmatch((value or "").strip())
    return round(float(found[1]) * 1000) if found is not None else UNSET


def _switch(value: str | None) -> bool | UnsetType:
    word = (value or "").strip().lower()
    if word in ("enabled", "on"):
        return True
    return False if word in ("disabled", "off") else UNSET
