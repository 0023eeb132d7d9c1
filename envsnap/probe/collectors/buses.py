"""What stands between the devices of a machine: IOMMU and PCIe access control.

Both redirect what one GPU sends to another through the root complex, which makes copies between
them slow, wrong or hang (NCCL's documentation, troubleshooting, PCI access control services).
`root` is where the system's folders lie; tests give another one.
"""

import os
import re
import struct

from ..record import Record, first_text

IOMMU_KINDS = (("dmar", "intel"), ("ivhd", "amd"), ("smmu", "arm-smmu"))
SETTING = (
    r"(?:intel_iommu|amd_iommu|iommu|iommu\.passthrough|iommu\.strict|pcie_acs_override)"
    r"=[a-z0-9_,.-]{1,40}"
)
MOST_GROUPS = 2000
GPU_VENDORS = ("0x10de", "0x1002")
GPU_CLASSES = ("0x03", "0x12")  # display controllers, processing accelerators
BRIDGE_CLASS = "0x0604"
# Of the PCI Express base specification: extended capabilities start at 0x100, access control
# services are number 13, their control register is at +6, and its bit 2 is P2P request redirect.
EXTENDED, ACS, CONTROL, REQUEST_REDIRECT = 0x100, 13, 6, 1 << 2
MOST_CAPABILITIES = 96


def collect(record: Record, root: str = "/") -> None:
    """Add IOMMU and access control to the `system` section."""
    if not os.path.isdir(os.path.join(root, "sys", "kernel")):
        return
    record.learn("iommu", _iommu, root)
    if record.facts.get("iommu") not in (None, "off"):
        record.learn_present("iommu_domains", _domains, root)
    record.learn_present("iommu_settings", _settings, root)
    record.learn_present("pcie_acs", _redirecting, root)


def _iommu(root: str) -> str:
    """The kind of IOMMU in use; the kernel lists each unit, dmar0, ivhd0 and so on."""
    folder = os.path.join(root, "sys/class/iommu")
    units = os.listdir(folder) if os.path.isdir(folder) else []
    found = {
        next(
            (kind for start, kind in IOMMU_KINDS if unit.startswith(start)),
            unit.rstrip("0123456789"),
        )
        for unit in units
    }
    return ", ".join(sorted(found)) or "off"


def _domains(root: str) -> list:
    """The types of the devices' domains: identity is pass-through, DMA and DMA-FQ translate."""
    folder = os.path.join(root, "sys/kernel/iommu_groups")
    groups = sorted(os.listdir(folder))[:MOST_GROUPS] if os.path.isdir(folder) else []
    found = {first_text(os.path.join(folder, group, "type")) for group in groups}
    return sorted(kind for kind in found if kind) or None


def _settings(root: str) -> list:
    """What the kernel's command line says; other words of it are not looked at."""
    words = (first_text(os.path.join(root, "proc/cmdline")) or "").split()
    words = [word for word in words if "iommu" in word or "acs" in word]
    return sorted(word for word in words if re.fullmatch(SETTING, word)) or None


def _redirecting(root: str) -> list:
    """The addresses of PCIe bridges that redirect requests; None where there is no GPU."""
    folder = os.path.join(root, "sys/bus/pci/devices")
    try:
        devices = sorted(os.listdir(folder))
    except OSError:
        return None
    classes = {device: _word(folder, device, "class") for device in devices}
    if not any(
        kind.startswith(GPU_CLASSES) and _word(folder, device, "vendor") in GPU_VENDORS
        for device, kind in classes.items()
    ):
        return None
    bridges = [device for device, kind in classes.items() if kind.startswith(BRIDGE_CLASS)]
    return [device for device in bridges if _redirects(os.path.join(folder, device, "config"))]


def _word(folder: str, device: str, name: str) -> str:
    return first_text(os.path.join(folder, device, name)) or ""


def _redirects(path: str) -> bool:
    """Read a bridge's access control; only the few words that are needed are asked of it.

    Raises PermissionError where the kernel shows the first 64 bytes only.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if os.fstat(descriptor).st_size <= EXTENDED:
            return False  # a bridge of conventional PCI
        place = EXTENDED
        for _ in range(MOST_CAPABILITIES):
            word = os.pread(descriptor, 4, place)
            if len(word) < 4:
                raise PermissionError("the extended configuration of PCIe bridges needs root")
            header = struct.unpack("<I", word)[0]
            if header & 0xFFFF == ACS:
                control = os.pread(descriptor, 2, place + CONTROL)
                return bool(struct.unpack("<H", control)[0] & REQUEST_REDIRECT)
            place = header >> 20
            if place < EXTENDED:
                return False
    finally:
        os.close(descriptor)
    return False
