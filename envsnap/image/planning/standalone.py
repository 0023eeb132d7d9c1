"""Builds of Python that need nothing of the system but its C library, as a table lists them."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from envsnap.image.planning.images import nearest_of
from envsnap.image.records import PythonSource
from envsnap.knowledge.tables import table
from envsnap.model import typed

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
EXECUTABLE = "/usr/local/bin/python3"
SYSTEM = ("ca-certificates", "libcrypt1")  # of the system, besides its C library


class Build(Struct, frozen=True, kw_only=True):
    """One release of Python: where its archive is, and each machine's digest."""

    python: str
    release: str
    variant: str
    sha256: dict[str, str]


@cache
def builds() -> dict[str, Build]:
    """Return the listed builds by Python release."""
    found = [typed.convert(row, Build) for row in table("python_standalone")["rows"]]
    return {build.python: build for build in found}


def source(python: str, architecture: str) -> PythonSource | None:
    """Say how a release of Python is had as a standalone build; None where none is listed."""
    build = builds().get(python)
    if build is None or architecture not in build.sha256:
        return None
    address = str(table("python_standalone")["address"])
    for mark, value in (
        ("<python>", python),
        ("<release>", build.release),
        ("<machine>", MACHINES[architecture]),
        ("<variant>", build.variant),
    ):
        address = address.replace(mark, value)
    return PythonSource(
        version=python,
        how="standalone",
        executable=EXECUTABLE,
        archive=address,
        archive_sha256=build.sha256[architecture],
    )


def nearest(python: str) -> list[str]:
    """Return listed releases of the same minor version, the nearest first."""
    return nearest_of(python, builds())


def openssl() -> str:
    """Return the major version of the OpenSSL that every listed build brings."""
    return str(table("python_standalone")["openssl"]["major"])
