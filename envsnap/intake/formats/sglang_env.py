"""`python -m sglang.check_env`, and flashinfer's report of the same form."""

from __future__ import annotations

import re

from envsnap.intake.formats import key_values, machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

PAIR = re.compile(r"^\s{0,8}(?P<key>[A-Za-z][\w ,.()-]{0,60}?)\s{0,20}:(?:\s+(?P<value>.*))?$")
BEGIN = re.compile(r"^\s{0,8}Python: ?\d\.\d")
END = re.compile(
    r"^\s*(?:NVIDIA Topology|AMD Topology|Ascend Topology|Hypervisor vendor|ulimit soft|```|</)|^\s*$"
)
OWN = re.compile(r"^\s{0,8}(?:sglang|flashinfer(?:[_-]python)?|sgl[_-]kernel): ", re.MULTILINE)
LIMIT = re.compile(r"^\s{0,8}ulimit soft: (\d{1,18})$", re.MULTILINE)
SEES = re.compile(r"^\s{0,8}(?:CUDA|ROCM|XPU|NPU) available: ", re.MULTILINE)
# Modules under which older versions listed distributions.
MODULES = {
    "zmq": "pyzmq",
    "multipart": "python-multipart",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
}


def recognise(source: Source) -> bool:
    """Python, what GPUs are available, and sglang or flashinfer among the packages."""
    text = "\n".join(source.unlogged)
    return OWN.search(text) is not None and SEES.search(text) is not None and bool(_blocks(source))


def _blocks(source: Source) -> list[list[str]]:
    return [found for found in key_values.block(source, BEGIN, END) if any(map(OWN.match, found))]


def read(source: Source) -> Draft:
    """The packages, Python, the GPUs, the driver and the toolkit."""
    blocks = _blocks(source)
    if len(blocks) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(blocks)} reports of check_env; put each into a file of its own"
        )
    draft = Draft("the output of sglang.check_env", "stated")
    key_values.read(draft, KIND, blocks[0])
    limit = LIMIT.search("\n".join(source.unlogged))  # behind tables of links
    if limit is not None:
        draft.add(System(complete=False, open_files_limit=int(limit[1])))
    if draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft


def _available(draft: Draft, value: str) -> None:
    from envsnap.model.compute import Framework

    draft.framework("torch", Framework(cuda_available=machine.flag(value)))


def _nothing(draft: Draft, value: str) -> None:
    """A key that is no distribution."""


def _driver(draft: Draft, value: str) -> None:
    machine.driver(draft, value.splitlines()[0] if value else "")


KIND = key_values.Kind(
    pair=PAIR,
    table={
        "python": machine.python,
        "cuda available": _available,
        "cuda_home": machine.cuda_home,
        "nvcc": machine.toolkit,
        "cuda driver version": _driver,
        "driver version": _driver,
        "pytorch": machine.torch,
        "gcc": _nothing,
        "hipcc": _nothing,
        "cann_home": _nothing,
        "rocm_home": _nothing,
        "cann": _nothing,
        "bisheng": _nothing,
    },
    packages=True,
    aliases=MODULES,
)
