"""AMD's ROCm and the GPUs that its kernel driver shows, read from files.

The kernel describes each node of its compute topology in a text file: CPUs have no SIMDs, GPUs
have (linux, drivers/gpu/drm/amd/amdkfd/kfd_topology.c). `root` is where the system's folders
lie; tests give another one.
"""

import glob
import os
import re

from ..record import Record, first_text, read_text, reason

HOMES = ("ROCM_PATH", "ROCM_HOME")
DEFAULT_HOME = "opt/rocm"
VERSION_FILES = (".info/version", ".info/version-dev", ".info/version-utils")
MODULE = "sys/module/amdgpu"
NODES = "sys/class/kfd/kfd/topology/nodes"
FRAME_BUFFERS = (1, 2)  # kinds of memory banks: public and private frame buffer
NO_NAME = ("", "ip discovery")  # what the kernel says where it knows no name


def collect(record: Record, root: str = "/") -> None:
    """Fill the `rocm` section."""
    named = [os.environ[name] for name in HOMES if os.environ.get(name)]
    for home in named + [os.path.join(root, DEFAULT_HOME)]:
        if os.path.isdir(home):
            record.facts["home"] = home
            text = first_text(*(os.path.join(home, name) for name in VERSION_FILES))
            match = re.match(r"\d[\w.]*", text or "")
            if match:
                record.facts["version"] = match.group()
            else:
                record.gap("version", "not stated: %s names no version" % home)
            break
    if os.path.isdir(os.path.join(root, MODULE)):
        version = first_text(os.path.join(root, MODULE, "version"))
        if version:
            record.facts["driver"] = version
        else:
            record.gap("driver", "not stated: the amdgpu of the kernel itself has no version")


def gpus(root: str = "/") -> tuple:
    """Return (GPUs, their identities, gaps), lists in the order of the topology."""
    found, identities, gaps = [], [], {}
    nodes = glob.glob(os.path.join(glob.escape(os.path.join(root, NODES)), "[0-9]*"))
    for node in sorted(nodes, key=lambda path: int(os.path.basename(path))):
        try:
            facts = _properties(os.path.join(node, "properties"))
        except PermissionError:
            continue  # a GPU that this container was not given
        except (OSError, ValueError) as error:
            gaps["entries"] = reason(error)
            continue
        if facts.get("simd_count"):
            device = _device(root, facts)
            found.append(_gpu(node, facts, device))
            identities.append(_identity(facts, device))
    return found, identities, gaps


def _properties(path: str) -> dict:
    """Read lines of a word and a number."""
    words = [line.split() for line in read_text(path).splitlines()]
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2}


def _device(root: str, facts: dict) -> str:
    minor = facts.get("drm_render_minor", 0)
    return os.path.join(root, "sys/class/drm/renderD%d/device" % minor)


def _gpu(node: str, facts: dict, device: str) -> dict:
    gpu = {"sm_count": facts["simd_count"] // (facts.get("simd_per_cu") or 1)}
    names = (first_text(path) or "" for path in (device + "/product_name", node + "/name"))
    name = next((name for name in names if name not in NO_NAME), None)
    if name:
        gpu["name"] = name
    target = facts.get("gfx_target_version")
    if target:
        gpu["compute_capability"] = "gfx%d%x%x" % (
            target // 10000,
            target // 100 % 100,
            target % 100,
        )
    memory = _memory(node) or _whole(first_text(device + "/mem_info_vram_total"))
    if memory:
        gpu["memory_total"] = memory
    vbios = first_text(device + "/vbios_version")
    if vbios:
        gpu["vbios"] = vbios
    firmware = _firmware(device)
    if firmware:
        gpu["firmware"] = firmware
    if facts.get("max_engine_clk_fcompute"):
        gpu["clock_max_sm_mhz"] = facts["max_engine_clk_fcompute"]
    return gpu


def _firmware(device: str) -> dict:
    """The releases of the card's firmware, by the part that runs it (amdgpu's fw_version folder)."""
    found = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(device), "fw_version", "*_fw_version"))):
        text = first_text(path)
        if text and text.strip("0x"):
            found[os.path.basename(path)[: -len("_fw_version")]] = text
    return found


def _memory(node: str) -> int:
    """Add up the memory banks that are the card's own."""
    total = 0
    for path in glob.glob(os.path.join(glob.escape(node), "mem_banks", "*", "properties")):
        try:
            bank = _properties(path)
        except (OSError, ValueError):
            continue
        if bank.get("heap_type") in FRAME_BUFFERS:
            total += bank.get("size_in_bytes", 0)
    return total


def _whole(text: str) -> int:
    return int(text) if text and text.isdigit() else None


def _identity(facts: dict, device: str) -> dict:
    """What names one card."""
    identity = {}
    if facts.get("unique_id"):
        identity["uuid"] = "GPU-%016x" % facts["unique_id"]
    if os.path.islink(device):
        identity["pci_bus_id"] = os.path.basename(os.path.realpath(device))
    return identity
