"""The `gpus`, `driver` and `identity` facts that come from NVML, asked in a child."""

import glob
import os

from .. import packing
from .driver import is_present
from ..record import first_text

AMD_DRIVER = "/sys/class/kfd"
# NVML answers in milliseconds, or initialises for some seconds, or hangs for ever.
SECONDS = 30.0


class Query:
    """A GPU query under way, or the fact that there is nothing to query."""

    def __init__(self, launcher) -> None:
        """`launcher` is a `jobs.Launcher`."""
        self.child = None
        if is_present():
            job = {"job": "gpus"}
            self.child = launcher.start(job, packing.NEEDED_BY_GPU_QUERY, "the GPU query (NVML)")

    def collect(self, sections: dict, until: float) -> None:
        """Wait for the answer and spread it over the sections."""
        sections["gpus"].facts["entries"] = {}
        if self.child is not None:
            self._nvidia(sections, until)
        if os.path.isdir(AMD_DRIVER):
            from . import rocm  # compiled where it is used: nearly nobody has it

            add_amd(sections, *rocm.gpus())
        elif os.path.exists("/dev/kfd"):
            sections["gpus"].gap(
                "entries", "absent: %s, where the kernel tells of AMD GPUs" % AMD_DRIVER
            )

    def _nvidia(self, sections: dict, until: float) -> None:
        gpus, driver_facts = sections["gpus"], sections["driver"]
        answer = self.child.answer(until)
        if "facts" not in answer:
            why = answer["error"]
            for record, path in (
                (gpus, "entries"),
                (driver_facts, "nvml"),
                (sections["cuda"], "driver"),
            ):
                record.gap(path, why)
            gpus.facts["entries"].update(_from_files())
            return
        self._spread(answer, sections)

    @staticmethod
    def _spread(answer: dict, sections: dict) -> None:
        facts, gaps = answer["facts"], answer["gaps"]
        sections["gpus"].facts["entries"] = facts.get("gpus") or _from_files()
        sections["identity"].facts["gpus"] = facts.get("identities", {})
        for key, section, name in (
            ("driver", "driver", "version"),
            ("nvml", "driver", "nvml"),
            ("cuda", "cuda", "driver"),
        ):
            if key in facts:
                sections[section].facts[name] = facts[key]
        for path, why in gaps.items():
            if path.startswith("gpus["):
                sections["gpus"].gap(path[len("gpus") :], why)
            elif path == "cuda":
                sections["cuda"].gap("driver", why)
            else:
                sections["driver"].gap("version" if path == "driver" else path, why)
                if path in ("nvml", "count"):
                    sections["gpus"].gap("entries", why)
                    sections["cuda"].gap("driver", why)


def add_amd(sections: dict, found: list, identities: list, gaps: dict) -> None:
    """Add AMD's GPUs by index; beside NVIDIA's, which have the plain indices, as amd0 and so on."""
    entries = sections["gpus"].facts["entries"]
    known = sections["identity"].facts.setdefault("gpus", {})
    start = "amd" if entries else ""
    for index, gpu in enumerate(found):
        entries["%s%d" % (start, index)] = gpu
        known["%s%d" % (start, index)] = identities[index]
    for path, why in gaps.items():
        sections["gpus"].gap(path, why)


def _from_files() -> dict:
    """What the kernel module tells without being asked: each card's model, in bus order."""
    entries = {}
    for index, path in enumerate(sorted(glob.glob("/proc/driver/nvidia/gpus/*/information"))):
        facts = entries[str(index)] = {}
        for line in (first_text(path) or "").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "Model":
                facts["name"] = value.strip()
            elif key.strip() == "Video BIOS" and "?" not in value:
                facts["vbios"] = value.strip()
            elif key.strip() == "GPU Firmware" and value.strip() not in ("", "N/A"):
                facts["gsp_firmware"] = value.strip()
    return entries
