"""The NVIDIA driver, read from files first: a query through NVML can hang, a file cannot."""

import os
import re

from ..readers import mapped
from ..record import Record, first_text

MODULE_LINE = re.compile(r"Kernel Module(?: for \S+)?\s+([\d.]+)")
DRIVER_FILES = ("libcuda.so", "libnvidia-ml.so")
_LISTED = {}  # type: dict
LIBRARY_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/lib64",
    "/usr/lib",
    "/usr/lib/wsl/lib",
    "/usr/local/nvidia/lib64",
    "/usr/local/nvidia/lib",
    "/usr/lib/nvidia",
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu",
    "/usr/local/cuda/compat",
)


def is_present() -> bool:
    """Tell whether anything of an NVIDIA driver is here, without asking it; looks anew."""
    _LISTED.clear()
    devices = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg", "/sys/module/nvidia")
    return any(os.path.exists(path) for path in devices) or bool(find_library("libnvidia-ml.so"))


def collect(record: Record) -> None:
    """Fill the `driver` section with the kernel module's and the user-space libraries' versions."""
    module = first_text("/proc/driver/nvidia/version")
    if module:
        match = MODULE_LINE.search(module)
        if match:
            record.facts["kernel_module"] = match.group(1)
        record.facts["open_kernel_module"] = "Open Kernel Module" in module
    else:
        version = first_text("/sys/module/nvidia/version")
        if version:
            record.facts["kernel_module"] = version
    for key, name in (("libcuda", "libcuda.so"), ("libnvidia_ml", "libnvidia-ml.so")):
        path = find_library(name)
        version = mapped.file_version(path) if path else None
        if version:
            record.facts[key] = version
    for key in ("libcuda", "kernel_module"):
        if key in record.facts:
            record.facts.setdefault("version", record.facts[key])


def folders() -> list:
    """Where the dynamic loader may find driver libraries, in its order."""
    named = [entry for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":") if entry]
    return named + list(LIBRARY_FOLDERS)


def find_library(stem: str) -> str:
    """Return the first file that the loader would find under this name, or None."""
    for folder in folders():
        names = [name for name in _driver_files(folder) if name.startswith(stem)]
        for name in (stem, stem + ".1"):
            if name in names:
                return os.path.join(folder, name)
        if names:
            return os.path.join(folder, names[0])
    return None


def _driver_files(folder: str) -> list:
    """The driver's libraries in a folder; a folder is listed once, for it may hold thousands."""
    if folder not in _LISTED:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            names = []
        _LISTED[folder] = [name for name in names if name.startswith(DRIVER_FILES)]
    return _LISTED[folder]
