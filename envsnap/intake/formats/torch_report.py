"""The report of torch's and vLLM's collect_env, of every age and wherever it stands in a text.

Facts are read in the report's own blocks only: the head, what lscpu (or Windows, or macOS) says
below "CPU:", the lists of packages, and what vLLM appends. Prose around it is no fact.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import machine, torch_cpu, torch_packages
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Cuda, Framework, Gpu, Library, Rocm

START = re.compile(r"^PyTorch version\s{0,40}:\s*(\S*)")
DEBUG = re.compile(r"^Is debug build\s{0,40}:")
KEY = re.compile(r"^([A-Za-z][A-Za-z0-9 ()/._-]{0,50}?)\s{0,40}:(?:\s(.*))?$")
RUNNING_ON = re.compile(r"PyTorch version\s{0,40}:.{1,120}Is debug build\s{0,40}:")
GPU = re.compile(r"^GPU (\d{1,3}):\s+(.+)$")
MIG = re.compile(r"^MIG\s+\S+\s+Device\s+\d+:")
XPU = re.compile(
    r"^\*?\s*\[(\d{1,3})\] _XpuDeviceProperties\(name='([^']{1,100})'.*?total_memory=(\d{1,9})MB"
)
VARIABLE = re.compile(r"^([A-Z][A-Z0-9_]{1,80})=(.*)$")
CUDNN = re.compile(
    r"^(?:cuDNN version\s*:\s*)?((?:/|[A-Za-z]:\\)\S.*libcudnn\.so\.(\d+)(?:\.(\d+(?:\.\d+){1,2}))?)$"
)
TOPOLOGY = re.compile(r"^\s*(GPU0\b(?:\s+GPU\d+)*)")
BLOCK = re.compile(r"^=+$")
# What no other program writes; a report whose first lines are gone has most of them.
OWN_WORDS = (
    "Is debug build:", "CUDA used to build PyTorch:", "ROCM used to build PyTorch:", "Is CUDA available:",
    "CUDA runtime version:", "CUDA_MODULE_LOADING set to:", "GPU models and configuration:",
    "Nvidia driver version:", "HIP runtime version:", "MIOpen runtime version:", "Is XNNPACK available:",
)  # fmt: skip
FEWEST_OWN = 4
LIBRARIES = re.compile(r"^Versions of relevant libraries\s*:?$")
LONGEST_HEAD = 120  # lines from the start to "Versions of relevant libraries"


def recognise(source: Source) -> bool:
    """A PyTorch version with "Is debug build" near it, be it all on one line."""
    text = source.text
    if "Is debug build" in text and RUNNING_ON.search(text) is not None:
        return True
    told = "Is debug build" in text or any(word in text for word in OWN_WORDS)
    return told and bool(_starts(_plain(source)))


def _plain(source: Source) -> list[str]:
    """The lines without quoting, indentation and the marks of Markdown tables and lists."""
    return [line.strip() for line in source.bare]


def _starts(lines: list[str]) -> list[int]:
    """Where reports begin; of one that lost its first lines, where its own words do."""
    found = _heads(lines)
    if found:
        return found
    own = [place for place, line in enumerate(lines) if line.startswith(OWN_WORDS)]
    told = [lines[place].partition(":")[0] for place in own]
    whole = len(set(told)) >= FEWEST_OWN and len(set(told)) == len(told)
    return own[:1] if whole else []


def _heads(lines: list[str]) -> list[int]:
    return [
        place
        for place, line in enumerate(lines)
        if (found := START.match(line))
        and not RUNNING_ON.match(line)
        and found[1]
        and any(DEBUG.match(below) for below in lines[place + 1 : place + 5])
    ]


def read(source: Source) -> Draft:
    """One report; of several, or of one without line breaks, nothing is believed."""
    lines = _plain(source)
    starts = _starts(lines)
    if RUNNING_ON.search(source.text):
        raise RefusedError(
            f"{source.name}: the output of collect_env without its line breaks; paste it again as"
            " a code block or attach it as a file"
        )
    if len(starts) > 1:
        told = ", ".join(f"PyTorch {START.match(lines[place])[1]}" for place in starts)  # type: ignore[index]
        raise RefusedError(
            f"{source.name}: holds {len(starts)} reports of collect_env ({told}); put each into a"
            " file of its own, and compare them with `envsnap diff`"
        )
    draft = Draft("the output of collect_env", "stated")
    _Report(draft).read(lines, _begin(lines, starts[0]))
    if not START.match(lines[starts[0]]):
        draft.leave("the beginning of the report, which is missing")
    if source.cut:
        draft.leave_end(source.cut)
    return draft


def _begin(lines: list[str], start: int) -> int:
    """Where the report begins: newer ones name the system above PyTorch."""
    above = range(max(0, start - 16), start)
    return next((place for place in above if lines[place] == "System Info"), start)


class _Report:
    """Goes through the blocks of one report."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._not_imported = False  # by the Python that made the report: it knows nothing of torch
        self._cpu = torch_cpu.Processor(draft)
        self._packages = torch_packages.Lists(draft)
        self._vllm = False
        self._topology = 0

    def read(self, lines: list[str], start: int) -> None:
        """Read head, processor, lists and what follows them."""
        end = next(
            (
                place
                for place in range(start, min(len(lines), start + LONGEST_HEAD))
                if LIBRARIES.match(lines[place])
            ),
            None,
        )
        if end is None:  # without its lists; what vLLM appends may follow at once
            vllm = (at for at in range(start, len(lines)) if _is_of_vllm(lines[at]))
            place = self._head(lines, start, next(vllm, len(lines)))
        else:
            self._head(lines, start, end)
            place = self._packages.read(lines, end + 1)
        self._tail(lines[place:])
        self._packages.close()
        self._gpus()

    def _head(self, lines: list[str], start: int, end: int) -> int:
        inside_cpu = False
        blank = 0
        for place in range(start, end):
            line = lines[place]
            blank = blank + 1 if not line else 0
            if line in ("CPU:", "CPU Info"):
                inside_cpu = True
            elif inside_cpu:
                if BLOCK.match(line) or not line:
                    continue
                self._cpu.line(line)
            elif blank > 2:
                break
            else:
                self._line(line, lines[place + 1 : place + 12])
        self._cpu.close()
        return end

    def _line(self, line: str, below: list[str]) -> None:
        gpu, xpu, cudnn = GPU.match(line), XPU.match(line), CUDNN.match(line)
        if gpu is not None:
            machine.gpu_name(self._draft, int(gpu[1]), gpu[2])
            self._last = gpu[1]
        elif xpu is not None:
            self._draft.gpu(int(xpu[1]), Gpu(name=xpu[2], memory_total=int(xpu[3]) << 20))
        elif cudnn is not None:
            library = Library(
                path=cudnn[1], version=f"{cudnn[2]}.{cudnn[3]}" if cudnn[3] else UNSET
            )
            self._draft.add(Cuda(complete=False, on_disk={f"libcudnn.so.{cudnn[2]}": library}))
        elif MIG.match(line) and self._draft.entries("gpus"):
            index = list(self._draft.entries("gpus"))[-1]
            self._draft.gpu(index, Gpu(mig=True))
            reason = "not stated: it is shared in slices (MIG), and their memory is not told"
            self._draft.gap("gpus", (index, "memory_total"), reason)
        elif (found := KEY.match(line)) is not None:
            self._fact(found[1].strip().lower(), (found[2] or "").strip(), below)

    def _fact(self, key: str, value: str, below: list[str]) -> None:
        draft = self._draft
        if key in _TAKES:
            _TAKES[key](draft, value)
        elif key in _TORCH:
            self._torch(key, value)
        elif key == "gpu models and configuration":
            self._models(value, below)

    def _torch(self, key: str, value: str) -> None:
        name, none_is_none = _TORCH[key]
        word = value.lower()
        if name == "version" and word == "n/a":
            self._not_imported = True
        if none_is_none and word in ("none", "n/a") and not self._not_imported:
            self._draft.framework("torch", Framework(**_one(name, None)))
        elif machine.says_nothing(value) and name not in ("debug", "cuda_available"):
            machine.silent(self._draft, "frameworks", ("torch", name), value)
        elif name in ("debug", "cuda_available"):
            self._draft.framework("torch", Framework(**_one(name, machine.flag(value))))
        elif " " not in value:
            self._draft.framework("torch", Framework(**_one(name, value)))

    def _models(self, value: str, below: list[str]) -> None:
        """Names on this line, or on those below; a name without a number is device 0 of ROCm."""
        found = GPU.match(value)
        if found is not None:
            machine.gpu_name(self._draft, int(found[1]), found[2])
        elif machine.says_nothing(value):
            if value:
                machine.silent(self._draft, "gpus", ("entries",), value)
        else:
            machine.gpu_name(self._draft, 0, value)
            self._numbered = False

    _numbered = True

    def _tail(self, lines: list[str]) -> None:
        """What vLLM appends: its version, the topology, variables."""
        for line in lines:
            topology = TOPOLOGY.match(line)
            variable = VARIABLE.match(line)
            found = KEY.match(line)
            if topology is not None and self._vllm:
                self._topology = max(self._topology, len(topology[1].split()))
            elif variable is not None and self._vllm:
                self._draft.variable(variable[1], variable[2])
            elif found is not None and found[1].strip().lower() in _VLLM:
                self._vllm = True
                self._of_vllm(found[1].strip().lower(), (found[2] or "").strip())

    def _of_vllm(self, key: str, value: str) -> None:
        version = machine.version(value.partition("@")[0])  # the commit stands behind it
        if key == "vllm version" and isinstance(version, str):
            self._draft.framework("vllm", Framework(version=version))
        elif key == "vllm version":
            machine.silent(self._draft, "frameworks", ("vllm", "version"), value)
        elif key == "rocm version" and not machine.says_nothing(value):
            self._draft.add(Rocm(complete=False, hip=value.split(" ", maxsplit=1)[0]))

    def _gpus(self) -> None:
        """How many GPUs there are: the numbered list, or the topology, knows all of them."""
        entries = self._draft.entries("gpus")
        for index in range(self._topology):
            if str(index) not in entries:
                self._draft.gpu(index)
                reason = "not stated: the report names the first device only"
                self._draft.gap("gpus", (str(index), "name"), reason)
        if entries:
            self._draft.settle("gpus", ("entries",))
        if entries and (self._numbered or self._topology):
            self._draft.complete("gpus", names_only=True)


def _is_of_vllm(line: str) -> bool:
    found = KEY.match(line)
    return found is not None and found[1].strip().lower() in _VLLM[:2]


def _one(name: str, value: Any) -> dict[str, Any]:
    """One field of a record by its name."""
    return {name: value}


def _libc(draft: Draft, value: str) -> None:
    if value.startswith("glibc-"):
        draft.libc_of_python(value.removeprefix("glibc-").strip(), 8)


def _hip(draft: Draft, value: str) -> None:
    if not machine.says_nothing(value):
        draft.add(Rocm(complete=False, hip=value))


def _miopen(draft: Draft, value: str) -> None:
    if not machine.says_nothing(value):
        draft.add(Rocm(complete=False, miopen=value))


_TORCH = {
    "pytorch version": ("version", False),
    "is debug build": ("debug", False),
    "cuda used to build pytorch": ("cuda", True),
    "rocm used to build pytorch": ("rocm", True),
    "is cuda available": ("cuda_available", False),
}
_TAKES = {
    "os": machine.operating_system,
    "libc version": _libc,
    "python version": machine.python,
    "python platform": machine.platform,
    "cuda runtime version": machine.toolkit,
    "nvidia driver version": machine.driver,
    "hip runtime version": _hip,
    "miopen runtime version": _miopen,
}
_VLLM = ("vllm version", "rocm version", "neuron sdk version", "vllm build flags", "gpu topology")
