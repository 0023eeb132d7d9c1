"""A Git LFS pointer: it names the digest and the size of the file that it stands for."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.inputs import Weight, Weights

POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n(?:ext-\d-[^\n]{1,300}\n){0,9}"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)
LARGEST = 1024


class Pointer(Struct, frozen=True):
    """What a pointer points to."""

    sha256: str
    size: int


def parse(data: bytes) -> Pointer | None:
    """Read a pointer; None for what is none, or is cut."""
    if len(data) > LARGEST:
        return None
    found = POINTER.fullmatch(data.replace(b"\r\n", b"\n"))
    return Pointer(found[1].decode(), int(found[2])) if found is not None else None


def recognise(source: Source) -> bool:
    """A whole pointer and nothing else."""
    return parse(source.data) is not None


def read(source: Source) -> Draft:
    """The file that it stands for, under the pointer's own name."""
    draft = Draft("a Git LFS pointer, not the file", "stated")
    add(draft, source.base or "file", source.data)
    return draft


def add(draft: Draft, name: str, data: bytes) -> bool:
    """Add the file that a pointer stands for; tells whether it was one."""
    pointer = parse(data)
    if pointer is None:
        return False
    weight = Weight(
        sha256=pointer.sha256,
        size=pointer.size,
        pointer="git-lfs",
        damage="a Git LFS pointer, not the file",
    )
    draft.add(Weights(complete=False, entries={name: weight}))
    return True
