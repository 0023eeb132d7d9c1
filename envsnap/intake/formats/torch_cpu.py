"""The block below "CPU:" of collect_env: lscpu's lines, Windows' WMI, or macOS' brand string."""

from __future__ import annotations

import re

from msgspec import UNSET

from envsnap.intake.formats import trees
from envsnap.intake.formats.draft import Draft
from envsnap.model.host import System

KEY = re.compile(r"^([A-Za-z][A-Za-z0-9 ()/._-]{0,40}?)\s{0,60}[:=]\s*(.*)$")
MORE_FLAGS = re.compile(r"^[a-z0-9_ ]+$")
FLAGS = ("flags", "features")
# As lscpu names them, and as a capture does.
HYPERVISORS = {
    "kvm": "kvm", "vmware": "vmware", "microsoft": "hyperv", "xen": "xen", "oracle": "virtualbox",
    "parallels": "parallels",
}  # fmt: skip
SEVERAL = "several"  # kinds of cores, as on big.LITTLE: none of them is the processor
CUT = "not stated: its line is broken where a terminal ended, which may be within a word"
# Win32_Processor.Architecture, as Windows' platform.machine() spells it.
WMI_MACHINES = {"0": "x86", "5": "ARM", "9": "AMD64", "12": "ARM64"}
WMI = ("name", "manufacturer", "processortype", "deviceid")
X86 = ("x86_64", "i686", "i386", "AMD64")


class Processor:
    """Gathers the block and judges it as a whole: one key means other things elsewhere."""

    def __init__(self, draft: Draft) -> None:
        """Begin with nothing."""
        self._draft, self._found = draft, dict[str, str]()
        self._alone: list[str] = []
        self._last = ""
        self._width = 0  # of the last line
        self._widths: list[int] = []  # of the lines of flags that go on below

    def line(self, line: str) -> None:
        """Take one line; flags may go on below theirs where a terminal broke them."""
        found = KEY.match(line)
        if found is None:
            if self._last in FLAGS and MORE_FLAGS.match(line):
                self._widths.append(self._width)
                self._width = len(line)
                self._found[self._last] += f" {line}"
            else:
                self._alone.append(line)
            return
        self._last = found[1].strip().lower()
        self._width = len(line)
        take(self._found, self._last, found[2].strip())

    def close(self) -> None:
        """Add what the block says."""
        known = self._found
        if self._is_cut():
            known = self._found = {key: text for key, text in known.items() if key not in FLAGS}
            self._draft.add(System(complete=False))
            self._draft.gap("system", ("cpu_flags",), CUT)
        if all(key in known for key in WMI[:2]) and "model name" not in known:
            self._windows()
        elif known:
            self._lscpu()
        elif len(self._alone) == 1:
            self._draft.add(System(complete=False, cpu=self._alone[0]))

    def _is_cut(self) -> bool:
        """Whether a terminal broke the flags wherever its lines ended, be it within a word.

        Then all lines are as wide as it is, or end in a blank there; else a program broke them
        between words.
        """
        return bool(self._widths) and min(self._widths) >= max(self._widths) - 1

    def _windows(self) -> None:
        """Family, model and stepping of WMI are not those of CPUID."""
        machine = WMI_MACHINES.get(self._found.get("architecture", ""))
        self._draft.add(
            System(
                complete=False,
                cpu=self._found["name"] or UNSET,
                cpu_vendor=self._found["manufacturer"] or UNSET,
                architecture=machine or UNSET,
                platform="win32",
            )
        )

    def _lscpu(self) -> None:
        add(self._draft, self._found)


def take(known: dict[str, str], key: str, value: str) -> None:
    """Keep the first value of a key; of processors with cores of several kinds, that they have them."""
    if key == "model name" and known.get(key, value) != value:
        known[key] = SEVERAL
    known.setdefault(key, value)


def add(draft: Draft, known: dict[str, str]) -> None:
    """Add what lscpu says; keys are in lower case."""
    machine = known.get("architecture", "")
    flags = next((known[key] for key in FLAGS if known.get(key)), "")
    numbers = known if machine in X86 else {}
    draft.add(
        System(
            complete=False,
            architecture=machine if re.fullmatch(r"[a-z][a-z0-9_]{2,20}", machine) else UNSET,
            cpu=UNSET
            if known.get("model name", "-") in ("", "-", SEVERAL)
            else known["model name"],
            cpu_vendor=known.get("vendor id") or UNSET,
            cpu_family=numbers.get("cpu family") or UNSET,
            cpu_model=numbers.get("model") or UNSET,
            cpu_stepping=numbers.get("stepping") or UNSET,
            cpus=trees.whole(known.get("cpu(s)")),
            virtualization=HYPERVISORS.get(known.get("hypervisor vendor", "").lower(), UNSET),
            cpu_flags=tuple(sorted(set(flags.split()))) or UNSET,
        )
    )
