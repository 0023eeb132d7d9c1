"""From inside a job: every rank describes itself, rank 0 waits for the others up to a deadline.

No collective is used: a rank that hangs would block all of them. Ranks write files into a folder
that they share, or put their answers into the job's key-value store (torch's TCPStore).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from envsnap.errors import InputError
from envsnap.fleet import answers
from envsnap.model import storage

# Launchers, by what they call a process's number and the number of all.
LAUNCHERS = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMIX_RANK", "PMIX_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)
STEP_SECONDS = 0.1
MOST_RANKS = 200_000


class KeyValues(Protocol):
    """What of torch's stores is used."""

    def set(self, key: str, value: bytes, /) -> object:
        """Put an answer."""

    def check(self, keys: list[str], /) -> bool:
        """Whether an answer is there, without waiting."""

    def get(self, key: str, /) -> bytes:
        """Take an answer."""


def who(environment: Mapping[str, str]) -> tuple[int, int]:
    """Which rank of how many we are. Raises InputError outside a job."""
    for rank, size in LAUNCHERS:
        numbers = environment.get(rank, ""), environment.get(size, "")
        if all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
            found = int(numbers[0]), int(numbers[1])
            if found[0] < found[1] <= MOST_RANKS:
                return found
    raise InputError(
        "no rank of a job: start this with torchrun, mpirun or srun (RANK and WORLD_SIZE are not set)"
    )


def name(rank: int, size: int) -> str:
    """A rank's name, with as many digits as the last one has."""
    return f"rank{rank:0{len(str(size - 1))}d}"


def gather(
    folder: str, manifest: bytes, rank: int, size: int, deadline: float, store: KeyValues | None
) -> dict[str, str] | None:
    """Hand this rank's manifest over; on rank 0, wait for all and return who was silent, and why."""
    end = time.monotonic() + deadline
    if store is None:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        storage.write_atomically(_file(folder, rank, size), manifest, 0o600)
    else:
        store.set(_key(rank), manifest)
    if rank != 0:
        return None
    if store is not None:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    left = set(range(size))
    while True:
        left -= set(_arrived(folder, left, size, store))
        if not left or time.monotonic() > end:
            break
        time.sleep(STEP_SECONDS)
    silent = {
        name(other, size): f"timeout: no answer within {deadline:g} s" for other in sorted(left)
    }
    hosts = [name(other, size) for other in range(size)]
    record = answers.record("ranks", hosts, silent, deadline)
    storage.write_atomically(os.path.join(folder, answers.RECORD), record, 0o600)
    return silent


def _arrived(folder: str, left: set[int], size: int, store: KeyValues | None) -> Iterator[int]:
    """Ranks whose answers are there by now; those of a store become files."""
    for rank in sorted(left):
        file = _file(folder, rank, size)
        if store is None:
            if os.path.isfile(file):
                yield rank
        elif store.check([_key(rank)]):
            storage.write_atomically(file, bytes(store.get(_key(rank))), 0o600)
            yield rank


def _key(rank: int) -> str:
    return f"envsnap/rank/{rank}"


def _file(folder: str, rank: int, size: int) -> str:
    return os.path.join(folder, f"{name(rank, size)}.json")
