"""A base image and the way Python gets into it; what every choice of one shares."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.image.facts import Facts, captured_system, numbers
from envsnap.image.planning import images, standalone
from envsnap.image.records import Base, Certainty, Decision, PythonSource

# Variables that published images set and that no engine need be asked for: those of the official
# python images (docker-library/python) and of NVIDIA's (container-images/cuda).
INHERITED = {
    "slim": re.compile(r"PYTHON_(?:VERSION|SHA256|PIP_VERSION|SETUPTOOLS_VERSION|GET_PIP_[A-Z0-9]+)|GPG_KEY|LANG"),
    "cuda": re.compile(r"CUDA_VERSION|NV_[A-Z0-9_]+|NVARCH|NCCL_VERSION|NVIDIA_[A-Z0-9_]+|LIBRARY_PATH|LD_LIBRARY_PATH"),
}  # fmt: skip
PUBLISHED = ("slim", "distribution", "cuda")
IN_SLIM = "/usr/local/bin/python3"
FROM_APT = "/usr/bin/python3"
CONDA_PYTHON = "/opt/venv/bin/python"
LIBRARIES = "/usr/lib/*-linux-gnu/"
ALONE = "a standalone build of this release, checked by its digest; it brings its own OpenSSL"
OLD_SSL = "1.1"
OLD = "its OpenSSL 1.1.1 is Ubuntu's, which alone still maintains it, for subscribers"
OLD_LIBRARIES = "/lib/*-linux-gnu/"  # where Debian kept readline before it merged the two


def publishes(kind: str, name: str) -> bool:
    """Whether published images of this kind set a variable."""
    pattern = INHERITED.get(kind)
    return pattern is not None and pattern.fullmatch(name) is not None


class Foundation(Struct, frozen=True, kw_only=True):
    """Base image and Python, with what apt must add for them."""

    base: Base
    python: PythonSource
    decisions: tuple[Decision, ...]
    apt: tuple[str, ...] = ()
    cuda: str | None = None  # CUDA of the base image, X.Y


def platform(facts: Facts) -> str:
    """Name the platform to build for."""
    return f"linux/{facts.architecture}"


def nvidia(facts: Facts, tag: images.CudaTag) -> Base:
    """Describe an nvidia/cuda image as a base."""
    return Base(
        reference=tag.reference,
        kind="cuda",
        status="supported" if tag.supported else "listed",
        platform=platform(facts),
        system=f"ubuntu {tag.ubuntu}",
    )


def release(facts: Facts, row: images.Distribution) -> Base:
    """Describe a distribution's own image as a base."""
    return Base(
        reference=row.image,
        kind="distribution",
        status="listed",
        platform=platform(facts),
        system=f"{row.id} {row.version}",
    )


def exact_python(python: str, why: str) -> Decision:
    """Say that Python is the very release that was captured."""
    return Decision(subject="python.version", choice=python, why=why, certainty="exact")


def slim_system(facts: Facts, suite: images.Suite) -> Decision:
    """Say which system a slim image has."""
    same = (facts.os_id, facts.os_version) == ("debian", suite.debian)
    return Decision(
        subject="system.os",
        choice=f"debian {suite.debian}",
        why="the captured release" if same else f"captured {captured_system(facts)}",
        certainty="exact" if same else "nearest",
    )


def ubuntus() -> list[images.Distribution]:
    """Return the Ubuntu releases that nvidia/cuda images stand on."""
    return [row for row in images.distributions() if row.id == "ubuntu"]


def into_ubuntu(
    python: str, row: images.Distribution, architecture: str
) -> tuple[PythonSource, str, Certainty] | None:
    """Say how this Python gets into an Ubuntu release; None where it does not.

    Ubuntu's own Python is taken where it is this very release, then a standalone build, whose
    libraries are its own. Otherwise it is copied from a slim image whose glibc is not newer and whose
    OpenSSL is the one that Ubuntu has and maintains; libffi and readline come with it where Ubuntu
    has others.
    """
    if row.python == python:
        source = PythonSource(version=python, how="apt", executable=FROM_APT)
        return source, f"apt installs it: it is the own Python of Ubuntu {row.version}", "exact"
    alone = standalone.source(python, architecture)
    if alone is not None:
        return alone, f"{ALONE} {standalone.openssl()}", "exact"
    suites = images.suites()
    older = [
        suite
        for suite in images.slim().get(python, ())
        if numbers(suites[suite].glibc) <= numbers(row.glibc)
        and suites[suite].sonames["ssl"] == row.sonames["ssl"]
    ]
    if not older:
        return None
    suite = next(
        (name for name in reversed(older) if suites[name].sonames == row.sonames), older[-1]
    )
    carried = _carried(suites[suite].sonames, row.sonames)
    source = PythonSource(
        version=python,
        how="copy",
        executable=IN_SLIM,
        image=images.slim_reference(python, suite),
        libraries=carried,
    )
    if not carried:
        why = f"copied from the slim image; {suite} has the same libraries"
        if row.sonames["ssl"] == OLD_SSL:
            return source, f"{why}; {OLD}", "nearest"
        return source, why, "exact"
    names = ", ".join(path.rpartition("/")[2] for path in carried)
    why = f"copied from the slim image with {suite}'s {names}, which this Ubuntu lacks"
    return source, why, "nearest"


def _carried(there: dict[str, str], here: dict[str, str]) -> tuple[str, ...]:
    """Name the library files that a Python from one release needs and the other release lacks."""
    files: list[str] = []
    if there["ffi"] != here["ffi"]:
        files.append(f"{LIBRARIES}libffi.so.{there['ffi']}")
    if there["readline"] != here["readline"]:
        files.append(f"{OLD_LIBRARIES}libreadline.so.{there['readline']}")
    return tuple(files)


def apt_for(source: PythonSource, row: images.Distribution) -> tuple[str, ...]:
    """Name what apt must add for a Python in this release."""
    if source.how == "apt":
        return "ca-certificates", "python3", "python3-venv"
    if source.how == "standalone":
        return tuple(name for name in standalone.SYSTEM if name in row.libraries)
    return row.libraries


def not_into(python: str, image: str) -> str:
    """Say that a Python does not get into an image with an OpenSSL that somebody maintains."""
    near = standalone.nearest(python)[:3]
    others = f"; {', '.join(near)} would" if near else ""
    return (
        f"python.version: Python {python} does not get into {image} with an OpenSSL that is still"
        f" maintained{others}; take --base slim where the wheels bring CUDA, or name a base with"
        " --base IMAGE"
    )


def no_image(python: str) -> str:
    """Say that no listed image has a Python, and which have one that is near."""
    near = images.nearest_pythons(python)[:3]
    others = f"; the nearest that have one: {', '.join(near)}" if near else ""
    return (
        f"python.version: no listed image has Python {python} on a C library that fits{others};"
        " name a base with --base IMAGE"
    )
