"""Which libcuda the loader takes, whether a linker finds one, and the fabric manager.

`root` is where the system's folders lie; tests give another one.
"""

import glob
import os
import re

from ..readers import elf, loader, mapped
from ..record import Record, read_text

LIBCUDA = "libcuda.so.1"
DRIVERS = (LIBCUDA, "libnvidia-ml.so.1", "libnvidia-ptxjitcompiler.so.1")
OWN_PROGRAM = "/proc/self/exe"
# Where GNU ld looks without being told (`ld --verbose`), beside LIBRARY_PATH.
LINKER_FOLDERS = (
    "/usr/local/lib/x86_64-linux-gnu",
    "/usr/local/lib/aarch64-linux-gnu",
    "/usr/local/lib64",
) + loader.DEFAULT_FOLDERS
FABRIC_MANAGER = "usr/bin/nv-fabricmanager"
# The kernel keeps fifteen characters of a program's name.
FABRIC_MANAGER_COMM = "nv-fabricmanager"[:15]
DPKG_STATUS = "var/lib/dpkg/status"
LARGEST_STATUS = 64 << 20
TOOLKIT_PROGRAMS = ("usr/bin/nvidia-ctk", "usr/bin/nvidia-container-cli")
TOOLKIT_PACKAGE = (
    r"(?m)^Package: nvidia-container-toolkit(?:-base)?\n(?:.+\n)*?Version: ([\w.+~:-]+)"
)
FABRIC_PACKAGE = r"(?m)^Package: [\w-]*fabricmanager[\w.-]*\n(?:.+\n)*?Version: ([\w.+~:-]+)"


def collect(record: Record, root: str = "/") -> None:
    """Add to the `driver` section what its files and processes tell."""
    if os.path.exists(OWN_PROGRAM):
        path = record.learn_present(
            "libcuda_path", loader.find, LIBCUDA, os.path.realpath(OWN_PROGRAM)
        )
        if path:
            _libcuda(record, path)
        linkable = _linkable(path)
        if path or linkable:
            record.facts["libcuda_linkable"] = linkable
    record.learn_present("unloadable", _unloadable, root)
    if any(os.path.exists(os.path.join(root, name)) for name in TOOLKIT_PROGRAMS):
        record.learn_present("container_toolkit", _installed_version, root, TOOLKIT_PACKAGE)
        if "container_toolkit" not in record.facts:
            record.gap("container_toolkit", "not stated: no package that dpkg knows has it")
    switches = record.learn_present("nvswitches", _nvswitches, root)
    installed = os.path.exists(os.path.join(root, FABRIC_MANAGER))
    if installed:
        record.learn_present("fabric_manager", _installed_version, root)
        if "fabric_manager" not in record.facts:
            record.gap("fabric_manager", "not stated: no package that dpkg knows has it")
    if installed or switches:
        running = _is_running(root)
        if running or installed:
            record.facts["fabric_manager_running"] = running
        else:
            record.gap("fabric_manager_running", "not stated: it is not here; the host may run it")


def _libcuda(record: Record, path: str) -> None:
    version = mapped.file_version(path)
    if version:
        record.facts["libcuda"] = version
    folders = os.path.dirname(path).split(os.sep) + os.path.dirname(os.path.realpath(path)).split(
        os.sep
    )
    record.facts["libcuda_is_compat"] = any(
        folder == "compat" or folder.startswith("cuda-compat") for folder in folders
    )


def _unloadable(root: str) -> dict:
    """Driver libraries that the loader finds and cannot load, with the reason; None where all can.

    The first file of a name counts, as it does for the loader, which does not look further.
    """
    found = {}
    for name in DRIVERS:
        paths = (os.path.join(root, path.lstrip("/")) for path in loader.candidates(name))
        path = next((path for path in paths if os.path.lexists(path)), None)
        why = _defect(path) if path else None
        if why:
            found[name] = "%s: %s" % (path, why)
    return found or None


def _defect(path: str) -> str:
    """Why a library cannot be loaded; None where nothing is wrong with the file."""
    if not os.path.exists(path):
        return "a link to a file that is not there"
    size = os.path.getsize(path)
    if not size:
        return "an empty file"
    try:
        end = elf.end_of_segments(path)
    except ValueError:
        return "no ELF file"
    except OSError:
        return None  # whether it could be loaded is not known
    return "cut off: %d of %d bytes are there" % (size, end) if end > size else None


def _linkable(path: str) -> bool:
    """Tell whether `-lcuda` is found: by LIBRARY_PATH, by default, or beside the library."""
    named = [folder for folder in os.environ.get("LIBRARY_PATH", "").split(":") if folder]
    folders = named + list(LINKER_FOLDERS) + ([os.path.dirname(path)] if path else [])
    return any(os.path.exists(os.path.join(folder, "libcuda.so")) for folder in folders)


def _nvswitches(root: str) -> int:
    """Count NVSwitches by what the driver shows of them; None where it shows none."""
    for pattern in ("proc/driver/nvidia-nvswitch/devices/*", "dev/nvidia-nvswitch[0-9]*"):
        found = glob.glob(os.path.join(glob.escape(root), pattern))
        if found:
            return len(found)
    return None


def _installed_version(root: str, package: str = FABRIC_PACKAGE) -> str:
    """The version of the package, without Debian's epoch and revision."""
    path = os.path.join(root, DPKG_STATUS)
    if not os.path.exists(path):
        return None
    match = re.search(package, read_text(path, LARGEST_STATUS))
    return re.sub(r"^\d+:|-[^-]*$", "", match.group(1)) if match else None


def _is_running(root: str) -> bool:
    for path in glob.glob(os.path.join(glob.escape(root), "proc/[0-9]*/comm")):
        try:
            with open(path, "rb") as stream:
                if stream.read(64).strip().decode("ascii", "replace") == FABRIC_MANAGER_COMM:
                    return True
        except OSError:
            continue
    return False
