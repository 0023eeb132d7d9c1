"""Chooses the packages that apt installs: those whose libraries the captured environment loaded.

On the captured release they are pinned at the captured versions. On another release only those
are installed that a table knows by their library; the rest is left and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.facts import Facts, numbers
from envsnap.image.planning.cuda_use import CUDA_LIBRARY
from envsnap.image.records import Certainty, Decision, NotCarried, Plan
from envsnap.image.writing.instructions import Constant
from envsnap.knowledge.tables import table
from envsnap.model.paths import text as path_text

# In every base image, or needed by Python itself, which brings them.
OF_THE_BASE = re.compile(
    r"libc6|libgcc-s1|libstdc\+\+6|libssl[0-9.]+(?:t64)?|zlib1g|libcrypt1|libexpat1|libffi[0-9.]+"
    r"|libbz2-1\.0|liblzma5|libuuid1|libsqlite3-0|libreadline[0-9]+(?:t64)?|libtinfo[0-9]+"
    r"|libncursesw?[0-9]+|libdb5\.3(?:t64)?|libgdbm[0-9a-z-]*|libnsl2|libtirpc3(?:t64)?|libzstd1"
    r"|libpython3[0-9.a-z-]*|python3[0-9.a-z-]*"
)
# NVIDIA's own packages: the base image has them, or the host's driver brings them.
OF_NVIDIA = re.compile(
    r"libnvidia-.*|nvidia-.*|cuda-.*|libcu[a-z0-9-]*|libnccl.*|libnpp.*|libnv[a-z0-9-]*"
)
OF_THE_BASE_SONAMES = ("libstdc++.so.6", "libssl.so", "libcrypto.so", "libcuda.so", "libnvidia-")
# The first releases whose apt knows frozen archives by date (apt 2.7.2).
DATED = {"debian": "13", "ubuntu": "24.04"}
DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
ARCHIVE = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~+=:-]+)+/?"
)
SOURCES = "apt.list"
# The archive of a date is "expired" by the date it states itself; its signature still counts.
LINE = "deb [check-valid-until=no] {} SUITE {}\n"
COMPONENTS = {"ubuntu": "main universe"}
ONLY_SOURCE = Constant(
    'sed -i "s/SUITE/$(. /etc/os-release; echo "$VERSION_CODENAME")/" /etc/apt/sources.list;'
    " rm -f /etc/apt/sources.list.d/*"
)
CAPTURED, LATEST = "captured", "latest"


class Chosen(Struct, frozen=True, kw_only=True):
    """What apt installs, and what stays behind."""

    packages: tuple[str, ...] = ()
    not_carried: tuple[NotCarried, ...] = ()
    decisions: tuple[Decision, ...] = ()


def python_packages(facts: Facts) -> dict[str, str]:
    """Return the packages of distributions that apt installed: version by name."""
    found: dict[str, str] = {}
    for name, package in facts.packages.items() if facts.apt_python else ():
        stated = package.system_package
        if isinstance(stated, str):
            place = path_text(("packages", name, "system_package"))
            package_name, _, version = stated.partition("=")
            validate.matched(package_name, validate.DPKG_PACKAGE, place, "name of a Debian package")
            validate.matched(version, validate.APT_VERSION, place, "version of a Debian package")
            found[package_name] = version
    return found


def choose(facts: Facts, system: str | None, wanted: Iterable[str]) -> Chosen:
    """Choose for a base of this system, for example "debian 12"; `wanted` are needed for other reasons."""
    same = system is not None and system == f"{facts.os_id} {facts.os_version}"
    of_python = python_packages(facts)
    if same and (facts.system_packages is not None or of_python):
        return _as_captured(facts, of_python, wanted)
    rows = {row["soname"]: row["package"] for row in table("apt_libraries")["rows"]}
    found = {rows[item.soname] for item in facts.libraries if item.soname in rows}
    return Chosen(
        packages=tuple(sorted({*found, *wanted})),
        not_carried=tuple(_strangers(facts, known=False)),
        decisions=_decision(
            {*found, *(name for name in wanted if name == "tzdata")},
            "; their versions are the base's",
            "nearest",
        ),
    )


def _as_captured(facts: Facts, of_python: dict[str, str], wanted: Iterable[str]) -> Chosen:
    """Pin what dpkg states: the base is of the captured release, so its archive has them."""
    pinned = {
        name: f"{name}={version}"
        for name, version in (facts.system_packages or {}).items()
        if not OF_THE_BASE.fullmatch(name) and not OF_NVIDIA.fullmatch(name)
    }
    pinned.update({name: f"{name}={version}" for name, version in of_python.items()})
    more = [name for name in wanted if name not in pinned]
    return Chosen(
        packages=tuple(sorted((*pinned.values(), *more))),
        not_carried=tuple(_strangers(facts, known=True)),
        decisions=_decision(pinned.values(), "at the captured versions", "exact"),
    )


def _decision(packages: Iterable[str], how: str, certainty: Certainty) -> tuple[Decision, ...]:
    named = ", ".join(sorted(set(packages)))
    why = f"the captured environment used them from the system{'' if how[0] == ';' else ', '}{how}"
    return (Decision(subject="apt", choice=named, why=why, certainty=certainty),) if named else ()


def _strangers(facts: Facts, *, known: bool) -> list[NotCarried]:
    """Name libraries that nobody knows a package of."""
    rows = {row["soname"] for row in table("apt_libraries")["rows"]}
    found: dict[str, NotCarried] = {}
    for item in facts.libraries:
        if item.soname in rows or item.soname.startswith(OF_THE_BASE_SONAMES):
            continue
        # libnvinfer is TensorRT's: it matches as a CUDA library, and the images lack it.
        tensorrt = item.soname.startswith("libnvinfer")
        if not tensorrt and (
            CUDA_LIBRARY.fullmatch(item.soname)
            or (known and item.package in (facts.system_packages or {}))
        ):
            continue
        place = ("frameworks", item.by, "mapped_on_import", item.soname)
        if item.by == "process":
            place = ("process", "loaded", item.soname)  # type: ignore[assignment]
        reason = "loaded from the system; no package is known that has it"
        found[item.soname] = NotCarried(path=path_text(place), reason=reason)
    return list(found.values())


def pinned(plan: Plan) -> frozenset[str]:
    """Name the packages of a plan that apt installs at the captured version."""
    return frozenset(
        name for name, equals, _ in (item.partition("=") for item in plan.apt) if equals
    )


def from_archive(plan: Plan, source: str) -> tuple[tuple[str, ...], str | None, Decision | None]:
    """Return the packages, the archive and what is to be said where the user named a source.

    `source` is captured, latest, a date (20260102T030405Z) or the address of a frozen archive.
    """
    if source == CAPTURED:
        return plan.apt, None, None
    if source == LATEST:
        names = tuple(sorted(item.partition("=")[0] for item in plan.apt))
        why = "as asked; the day of the build decides their versions"
        return names, None, Decision(subject="apt", choice=LATEST, why=why, certainty="nearest")
    if DATE.fullmatch(source):
        _require_dated(plan)
        why = "as asked; apt finds the frozen archives of its sources"
    else:
        validate.matched(
            source,
            ARCHIVE,
            "--apt",
            "date (20260102T030405Z), address of an archive with a path, or word",
        )
        why = "as asked; the only source that apt has in the image"
    return plan.apt, source, Decision(subject="apt", choice=source, why=why, certainty="exact")


def sources(plan: Plan) -> bytes | None:
    """Return apt's list of sources where an archive is named by its address."""
    if plan.apt_archive is None or DATE.fullmatch(plan.apt_archive):
        return None
    name = (plan.base.system or "").partition(" ")[0]
    return LINE.format(plan.apt_archive, COMPONENTS.get(name, "main")).encode("ascii")


def _require_dated(plan: Plan) -> None:
    name, _, version = (plan.base.system or "").partition(" ")
    first = DATED.get(name)
    if first is None or numbers(version) < numbers(first):
        raise InputError(
            f"--apt: the apt of {plan.base.system or 'this base'} takes no date (Debian 13 and Ubuntu"
            " 24.04 do); name the archive's address instead"
        )
