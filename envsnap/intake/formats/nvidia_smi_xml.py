"""`nvidia-smi -q -x`."""

from __future__ import annotations

from typing import Any

from envsnap.intake.formats import nvidia_facts
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source

FIELDS = {
    "product_name": "name",
    "pci/pci_gpu_link_info/pcie_gen/max_link_gen": "pcie.link.gen.max",
    "pci/pci_gpu_link_info/link_widths/max_link_width": "pcie.link.width.max",
    "persistence_mode": "persistence_mode",
    "mig_mode/current_mig": "mig.mode.current",
    "ecc_mode/current_ecc": "ecc.mode.current",
    "uuid": "uuid",
    "serial": "serial",
    "vbios_version": "vbios_version",
    "inforom_version/img_version": "inforom.img",
    "gsp_firmware_version": "gsp_firmware_version",
    "applications_clocks/graphics_clock": "clocks.applications.graphics",
    "fb_memory_usage/total": "memory.total",
    "compute_mode": "compute_mode",
    "gpu_power_readings/current_power_limit": "enforced.power.limit",
    "gpu_power_readings/requested_power_limit": "power.limit",
    "gpu_power_readings/default_power_limit": "power.default_limit",
    "power_readings/power_limit": "power.limit",
    "power_readings/default_power_limit": "power.default_limit",
    "max_clocks/sm_clock": "clocks.max.sm",
    "max_clocks/mem_clock": "clocks.max.memory",
}


def recognise(source: Source) -> bool:
    """XML whose root is nvidia-smi's log."""
    head = source.text.lstrip()[:2000]
    return head.startswith("<") and "<nvidia_smi_log>" in head


def read(source: Source) -> Draft:
    """The driver, and each GPU in the order in which they stand."""
    root = _root(source)
    draft = Draft("the output of nvidia-smi -q -x", "stated")
    nvidia_facts.versions(draft, _text(root, "driver_version"), _text(root, "cuda_version"))
    gpus = root.findall("gpu")
    for index, gpu in enumerate(gpus):
        facts = {name: said for place, name in FIELDS.items() if (said := _text(gpu, place))}
        facts["pci.bus_id"] = gpu.get("id") or ""
        nvidia_facts.add(draft, index, facts)
    if gpus and _text(root, "attached_gpus") == str(len(gpus)):
        draft.complete("gpus", names_only=True)
    return draft


def _root(source: Source) -> Any:
    """Parse without entities of the document's own: they can make it grow without bound."""
    from xml.etree import ElementTree as ET

    text = source.text.strip()
    if "<!ENTITY" in text:
        raise RefusedError(
            f"{source.name}: an nvidia-smi log that defines entities; no driver writes them"
        )
    try:
        return ET.fromstring(text)  # noqa: S314 (entities were refused above)
    except ET.ParseError:
        raise RefusedError(
            f"{source.name}: an nvidia-smi log in XML that is cut off or damaged; run `nvidia-smi -q -x` again"
        ) from None


def _text(node: Any, place: str) -> str:
    return (node.findtext(place) or "").strip()
