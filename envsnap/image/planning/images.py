"""The images that exist, as the tables list them. A tag that no table lists is never written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from msgspec import Struct

from envsnap.image.facts import Release, numbers
from envsnap.knowledge.tables import table
from envsnap.model import typed

FLAVORS = ("base", "runtime", "devel")


class Suite(Struct, frozen=True, kw_only=True):
    """A Debian release under python:*-slim images."""

    suite: str
    debian: str
    glibc: str
    sonames: dict[str, str]


class Distribution(Struct, frozen=True, kw_only=True):
    """A distribution's own image, and the Python that apt installs in it."""

    image: str
    id: str
    version: str
    glibc: str
    python: str
    sonames: dict[str, str] = {}
    libraries: tuple[str, ...] = ()


class CudaTag(Struct, frozen=True, kw_only=True):
    """One tag of the nvidia/cuda image."""

    cuda: str
    ubuntu: str
    flavor: str
    cudnn: str | None  # its major version
    middle: str
    cudart: str | None
    architectures: tuple[str, ...]
    supported: bool
    seen: bool

    @property
    def reference(self) -> str:
        """The image reference."""
        return f"nvidia/cuda:{self.cuda}-{self.middle}-ubuntu{self.ubuntu}"


@cache
def suites() -> dict[str, Suite]:
    """Return the Debian releases by name, oldest first."""
    found = [typed.convert(row, Suite) for row in table("python_slim")["suites"]]
    return {suite.suite: suite for suite in found}


@cache
def slim() -> dict[str, tuple[str, ...]]:
    """Return the suites for which python:VERSION-slim-SUITE exists, oldest first."""
    return {row["python"]: tuple(row["suites"]) for row in table("python_slim")["rows"]}


@cache
def distributions() -> tuple[Distribution, ...]:
    """Return the distributions whose own Python is known."""
    return tuple(typed.convert(row, Distribution) for row in table("python_slim")["distributions"])


def ubuntu(version: str) -> Distribution:
    """Return what is known of an Ubuntu release that nvidia/cuda images stand on."""
    return next(row for row in distributions() if (row.id, row.version) == ("ubuntu", version))


@cache
def cuda_tags() -> tuple[CudaTag, ...]:
    """Return every nvidia/cuda tag that may be written."""
    found = []
    for row in table("nvidia_cuda_tags")["rows"]:
        for middle in row["flavors"]:
            cudnn, _, flavor = middle.rpartition("-")
            found.append(
                CudaTag(
                    cuda=row["cuda"],
                    ubuntu=row["ubuntu"],
                    flavor=flavor,
                    # From 12.4.1 on the tags say cudnn without a number, which is 9.
                    cudnn=(cudnn.removeprefix("cudnn") or "9") if cudnn else None,
                    middle=middle,
                    cudart=row.get("cudart"),
                    architectures=tuple(row["arch"]),
                    supported=row["supported"],
                    seen=row["seen_2026_05"],
                )
            )
    return tuple(found)


def slim_reference(python: str, suite: str) -> str:
    """Name the slim image of a Python release on a Debian suite."""
    return f"python:{python}-slim-{suite}"


def newest_slim(minor: str, suite: str) -> str:
    """Name the slim image of the newest listed release of a minor version on a Debian suite."""
    fitting = [name for name in slim() if name.startswith(f"{minor}.") and suite in slim()[name]]
    return slim_reference(max(fitting, key=_release), suite)


def nearest_pythons(version: str) -> list[str]:
    """Return the releases of the same minor version, nearest first, that have a slim image."""
    return nearest_of(version, slim())


def nearest_of(version: str, names: Iterable[str]) -> list[str]:
    """Return those of some releases that are of the same minor version, nearest first."""
    wanted = _release(version)
    same = [name for name in names if _release(name)[:2] == wanted[:2]]
    return sorted(same, key=lambda name: (abs(_release(name)[2] - wanted[2]), _release(name)))


def _release(version: str) -> Release:
    match = re.match(r"[0-9]+\.[0-9]+\.[0-9]+", version)
    return numbers(match[0]) if match else (0, 0, 0)
