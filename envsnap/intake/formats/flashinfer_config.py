"""`flashinfer show-config`: sections between equals signs, with "key: value" lines."""

from __future__ import annotations

import re

from envsnap.intake.formats import key_values, machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Framework

PAIR = re.compile(r"^\s{0,8}(?P<key>[A-Za-z][\w -]{0,50}?)\s{0,4}:(?:\s+(?P<value>.*))?$")
TORCH = re.compile(r"^\s{0,8}=== Torch Version Info ===$")
VERSIONS = re.compile(r"^\s{0,8}=== Version Info ===$")
END = re.compile(r"^\s{0,8}=== (?:Artifact Path|Downloaded Cubins|Compil\w+ \w+) ===$|^\s*```")


def recognise(source: Source) -> bool:
    """The head of the section about torch, which no other program writes so."""
    return any(map(TORCH.match, source.unlogged))


def read(source: Source) -> Draft:
    """FlashInfer's own packages, torch, and where CUDA is."""
    lines = list(source.unlogged)
    starts = [place for place, line in enumerate(lines) if TORCH.match(line)]
    if len(starts) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(starts)} outputs of flashinfer show-config; put each into"
            " a file of its own"
        )
    above = [place for place in range(starts[0]) if VERSIONS.match(lines[place])]
    start = above[-1] if above else starts[0]
    rest = lines[start:]
    end = next((place for place, line in enumerate(rest) if END.match(line)), len(rest))
    draft = Draft("the output of flashinfer show-config", "stated")
    key_values.read(draft, KIND, rest[:end])
    if any(line.strip() for line in rest[end:]):
        draft.leave("the list of its kernels", beside=True)
    return draft


def _available(draft: Draft, value: str) -> None:
    draft.framework("torch", Framework(cuda_available=machine.flag(value)))


KIND = key_values.Kind(
    pair=PAIR,
    table={
        "flashinfer version": key_values.of("flashinfer-python"),
        "flashinfer-cubin version": key_values.of("flashinfer-cubin"),
        "flashinfer-cubin": key_values.of("flashinfer-cubin"),
        "flashinfer-jit-cache version": key_values.of("flashinfer-jit-cache"),
        "flashinfer-jit-cache": key_values.of("flashinfer-jit-cache"),
        "torch version": machine.torch,
        "cuda runtime available": _available,
        "cuda_home": machine.cuda_home,
    },
)
