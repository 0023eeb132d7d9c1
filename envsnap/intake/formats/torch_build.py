"""The "PyTorch built with:" list, which several reports end with."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import UNSET

from envsnap.intake.formats.draft import Draft
from envsnap.model.compute import Framework

ITEM = re.compile(
    r"^\s{0,8}- (?=GCC|C\+\+|Intel|OpenMP|LAPACK|NNPACK|CPU capability|CUDA Runtime|NVCC architecture|CuDNN|Magma|Build|HIP|MIOpen|clang|MSVC|MKL)"
)
CAPABILITY = re.compile(r"^\s{0,8}- CPU capability usage: (\w+)\s*$")
CUDA = re.compile(r"^\s{0,8}- CUDA Runtime (\d{1,2}\.\d{1,2})\s*$")
CUDNN = re.compile(
    r"^\s{0,8}- CuDNN (\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?:\s+\(built against CUDA [\d.]+\))?\s*$"
)
ARCHITECTURES = re.compile(r"code=((?:sm|compute)_\d{2,3}a?)")
NEWEST_CUDNN = 20  # 90.1 is how older versions spelled 9.0.1: it cannot be told apart


def read(draft: Draft, lines: Iterable[str]) -> None:
    """Add what the list says of the build; it ends where no item follows."""
    told = list(lines)
    for line, below in zip(told, [*told, ""][1:], strict=True):
        if not ITEM.match(line):
            if line.strip():
                break
            continue
        capability, cuda, cudnn = CAPABILITY.match(line), CUDA.match(line), CUDNN.match(line)
        if capability is not None:
            draft.framework("torch", Framework(cpu_capability=capability[1]))
        elif cuda is not None:
            draft.framework("torch", Framework(cuda=cuda[1]))
        elif cudnn is not None and int(cudnn[1].partition(".")[0]) < NEWEST_CUDNN:
            draft.framework("torch", Framework(cudnn=cudnn[1]))
        elif "NVCC architecture flags" in line and ITEM.match(below):
            found = tuple(dict.fromkeys(ARCHITECTURES.findall(line)))
            draft.framework("torch", Framework(arch_list=found or UNSET))
