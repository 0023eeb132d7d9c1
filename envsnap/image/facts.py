"""What the generator reads of a manifest, each value checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from envsnap.image import validate
from envsnap.model.compute import Cuda, Driver, Framework, Gpus
from envsnap.model.fields import Section
from envsnap.model.host import Process, System
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text
from envsnap.model.python import Conda, Package, Packages, Python

Part = TypeVar("Part", bound=Section)
Release = tuple[int, ...]

ARCHITECTURES = {
    "x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i386": "386",
    "i686": "386", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
}  # fmt: skip
MOST_SYSTEM_PACKAGES = 1000
SYSTEM_FOLDERS = re.compile(r"/(?:usr/(?:local/)?)?lib(?:64)?/|/usr/local/cuda|/opt/cuda/")
PACKAGE_FOLDERS = re.compile(r"/(?:site|dist)-packages/")


class Mapped(Struct, frozen=True, kw_only=True):
    """A library that a framework or the described process loaded from the system's folders."""

    soname: str
    path: str
    version: str | None
    by: str
    package: str | None


class Facts(Struct, frozen=True, kw_only=True):
    """The facts that decide base image and Python."""

    python: str | None
    odd_python: str | None
    base_prefix: str | None
    system: str | None
    os_id: str | None
    os_version: str | None
    glibc: str | None
    musl: bool
    architecture: str
    packages: dict[str, Package]
    packages_complete: bool
    frameworks: dict[str, Framework]
    libraries: tuple[Mapped, ...]
    toolkit: str | None
    toolkit_named: bool
    driver_cuda: str | None
    has_nvcc: bool
    no_gpu: bool
    system_packages: dict[str, str] | None  # dpkg's, of loaded libraries; None: not known
    system_site: bool = False  # whether the environment sees the packages of its base
    apt_python: bool = False  # whether apt installs distributions into the base's own Python
    asked_cuda: str | None = None  # CUDA of the base image, as the user asks


def read(manifest: Manifest) -> Facts:
    """Read and check the facts that decide base image and Python."""
    parts = manifest.sections
    python = given(parts.python, Python(complete=False))
    system = given(parts.system, System(complete=False))
    cuda = given(parts.cuda, Cuda(complete=False))
    return Facts(
        python=checked(python.version, validate.PYTHON, "python.version"),
        odd_python=_odd(python),
        base_prefix=string(python.base_prefix),
        system=string(system.platform),
        os_id=checked(system.os_id, validate.WORD, "system.os_id"),
        os_version=checked(system.os_version, validate.WORD, "system.os_version"),
        glibc=checked(system.glibc, validate.NUMBERS, "system.glibc"),
        musl=string(system.musl) is not None,
        architecture=_architecture(system),
        packages=packages(manifest),
        packages_complete=given(parts.packages, Packages(complete=False)).complete,
        frameworks=entries(parts.frameworks),
        libraries=tuple(_system_libraries(manifest)),
        toolkit=checked(cuda.toolkit, validate.NUMBERS, "cuda.toolkit"),
        toolkit_named=string(cuda.home) is not None,
        driver_cuda=checked(cuda.driver, validate.NUMBERS, "cuda.driver"),
        has_nvcc="nvcc" in entries(parts.tools),
        no_gpu=_no_gpu(manifest),
        system_packages=_system_packages(system),
        system_site=python.system_site_packages is True,
    )


def given(section: Part | UnsetType, otherwise: Part) -> Part:
    """Return a section, or an empty one where the manifest lacks it."""
    return otherwise if isinstance(section, UnsetType) else section


def string(value: object) -> str | None:
    """Return a fact that is text; None where it is unknown or null."""
    return value if isinstance(value, str) else None


def entries(section: object) -> dict:  # type: ignore[type-arg]
    """Return what a map section holds; empty where the section or its map is missing."""
    found = getattr(section, "entries", UNSET)
    return found if isinstance(found, dict) else {}


def packages(manifest: Manifest) -> dict[str, Package]:
    """Return the installed distributions; every name is one that an index could hold."""
    found: dict[str, Package] = entries(manifest.sections.packages)
    for name, package in found.items():
        pattern = validate.PACKAGE
        if isinstance(package.conda, Conda):
            pattern = validate.CONDA_PACKAGE
        if len(name) > validate.LONGEST_NAME or not pattern.fullmatch(name):
            place = path_text(("packages", name[:40]))
            validate.refuse(
                place,
                "this is no name of a package; it cannot go into a Dockerfile (capture again, or"
                " take it out of the manifest)",
            )
    return found


def numbers(version: str) -> Release:
    """Split a dotted version of whole numbers, checked before, for comparison."""
    return tuple(int(part) for part in version.split("."))


def major_minor(version: str) -> str:
    """Return X.Y of X.Y.Z."""
    return ".".join(version.split(".")[:2])


def captured_system(facts: Facts) -> str:
    """Name the captured operating system."""
    return f"{facts.os_id or 'an unknown system'} {facts.os_version or ''}".strip()


def counted(number: int, what: str) -> str:
    """Spell a number of things."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def framework_cuda(framework: Framework, name: str) -> str | None:
    """Return the CUDA version that a framework was built for."""
    return checked(framework.cuda, validate.NUMBERS, path_text(("frameworks", name[:40], "cuda")))


def checked(value: object, pattern: re.Pattern[str], place: str) -> str | None:
    """Return a fact that is text of this pattern; None where it is unknown or null."""
    text = string(value)
    if text is None:
        return None
    return validate.matched(text, pattern, place, "value of its kind")


def _odd(section: Python) -> str | None:
    """Return in what way the interpreter is of a kind that no listed image has."""
    if string(section.implementation) not in (None, "CPython", "cpython"):
        return "python.implementation: not CPython"
    if section.gil is False:
        return "python.gil: a free-threaded build"
    if section.debug is True:
        return "python.debug: a debug build"
    return None


def _architecture(section: System) -> str:
    name = checked(section.architecture, validate.WORD, "system.architecture") or "x86_64"
    if name.lower() not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        validate.refuse("system.architecture", f"{name} is none that images are for ({known})")
    return ARCHITECTURES[name.lower()]


def _system_packages(section: System) -> dict[str, str] | None:
    if not isinstance(section.packages, dict):
        return None
    if len(section.packages) > MOST_SYSTEM_PACKAGES:
        validate.refuse("system.packages", f"more than {MOST_SYSTEM_PACKAGES} packages")
    for name, version in section.packages.items():
        place = path_text(("system", "packages", name[:40]))
        validate.matched(name, validate.APT_PACKAGE, place, "name of a Debian package")
        validate.matched(version, validate.APT_VERSION, place, "version of a Debian package")
    return section.packages


def _no_gpu(manifest: Manifest) -> bool:
    """Tell whether the captured machine is known to have no NVIDIA GPU."""
    gpus = given(manifest.sections.gpus, Gpus(complete=False))
    driver = given(manifest.sections.driver, Driver(complete=False))
    if not gpus.complete or gpus.gaps or entries(gpus):
        return False
    return string(driver.version) is None and string(driver.kernel_module) is None


def _system_libraries(manifest: Manifest) -> Iterator[Mapped]:
    frameworks: dict[str, Framework] = entries(manifest.sections.frameworks)
    found = [(name, item.mapped_on_import) for name, item in frameworks.items()]
    found.append(("process", given(manifest.sections.process, Process(complete=False)).loaded))
    for by, libraries in found:
        for soname, library in (libraries if isinstance(libraries, dict) else {}).items():
            path = string(library.path) or ""
            if SYSTEM_FOLDERS.match(path) and not PACKAGE_FOLDERS.search(path):
                version = string(library.version)
                yield Mapped(
                    soname=soname.partition("#")[0][: validate.LONGEST_NAME],
                    path=path,
                    version=version if version and validate.NUMBERS.fullmatch(version) else None,
                    by=by,
                    package=string(library.package),
                )
