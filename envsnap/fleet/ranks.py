"""From inside a job: every rank describes itself, rank 0 waits for the others up to a deadline.

No collective is used: a rank that hangs would block all of them. Ranks write files into a folder
that they share, or put their answers into the job's key-value store (torch's TCPStore).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.fleet import answers, fanout
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
GRACE = 3.0  # seconds after the deadline for those that began later
REFUSAL = b"\0refused "
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


class Job(Struct, frozen=True, kw_only=True):
    """Which rank of how many hands its answer over where, and until when rank 0 waits.

    Without a store all ranks share the folder. `end` is of the monotonic clock.
    """

    folder: str
    rank: int
    size: int
    deadline: float
    end: float
    store: KeyValues | None


def refusal(why: str) -> bytes:
    """What a rank hands over that cannot be described."""
    return REFUSAL + fanout.worded(why).encode()


def gather(job: Job, answer: bytes) -> dict[str, str] | None:
    """Hand this rank's answer over; on rank 0, wait for all and return who was silent, and why."""
    if job.store is not None:
        job.store.set(_key(job.rank), answer)
    else:
        _write(job, job.rank, answer)
    if job.rank != 0:
        return None
    os.makedirs(job.folder, mode=0o700, exist_ok=True)
    left = set(range(job.size))
    while True:
        left -= set(_arrived(job, left))
        if not left or time.monotonic() > job.end + GRACE:
            break
        time.sleep(STEP_SECONDS)
    late = f"timeout: no answer within {job.deadline:g} s"
    silent = {}
    for other in range(job.size):
        why = late if other in left else _refused(job, other)
        if why is not None:
            silent[name(other, job.size)] = why
    hosts = [name(other, job.size) for other in range(job.size)]
    record = answers.record("ranks", hosts, silent, job.deadline)
    storage.write_atomically(os.path.join(job.folder, answers.RECORD), record, 0o600)
    return silent


def _write(job: Job, rank: int, answer: bytes) -> None:
    """Write a manifest, or why there is none."""
    os.makedirs(job.folder, mode=0o700, exist_ok=True)
    place = _file(job, rank, answers.NO_ANSWER if answer.startswith(REFUSAL) else ".json")
    storage.write_atomically(place, answer.removeprefix(REFUSAL), 0o600)


def _arrived(job: Job, left: set[int]) -> Iterator[int]:
    """Ranks whose answers are there by now; those of a store become files."""
    for rank in sorted(left):
        if job.store is not None and job.store.check([_key(rank)]):
            _write(job, rank, bytes(job.store.get(_key(rank))))
        if any(os.path.isfile(_file(job, rank, end)) for end in (".json", answers.NO_ANSWER)):
            yield rank


def _refused(job: Job, rank: int) -> str | None:
    """Why a rank could not be described; None where it was."""
    try:
        with open(
            _file(job, rank, answers.NO_ANSWER), encoding="utf-8", errors="replace"
        ) as stream:
            return stream.read(1000)
    except FileNotFoundError:
        return None


def _key(rank: int) -> str:
    return f"envsnap/rank/{rank}"


def _file(job: Job, rank: int, ending: str) -> str:
    return os.path.join(job.folder, name(rank, job.size) + ending)
