"""What the generator reads of a manifest, each value checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET, Struct

from envsnap.image import validate
from envsnap.model.compute import Framework
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text
from envsnap.model.python import Package

Release = tuple[int, ...]

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
SYSTEM_FOLDERS = re.compile(r"/(?:usr/(?:local/)?)?lib(?:64)?/|/usr/local/cuda|/opt/cuda/")
PACKAGE_FOLDERS = re.compile(r"/(?:site|dist)-packages/|/(?:mini|ana|mambaforge|micromamba|conda)")


class Mapped(Struct, frozen=True, kw_only=True):
    """A library that a framework or the described process loaded from the system's folders."""

    soname: str
    path: str
    version: str | None
    by: str


class Facts(Struct, frozen=True, kw_only=True):
    """The facts that decide base image and Python."""

    python: str | None
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
    gpu_known_absent: bool


def read(manifest: Manifest) -> Facts:
    """Read and check the facts that decide base image and Python."""
    parts = manifest.sections
    python, system, cuda = parts.python, parts.system, parts.cuda
    return Facts(
        python=_python(manifest),
        base_prefix=string(python.base_prefix) if python else None,
        system=string(system.platform) if system else None,
        os_id=_checked(system.os_id, validate.WORD, "system.os_id") if system else None,
        os_version=_checked(system.os_version, validate.WORD, "system.os_version")
        if system
        else None,
        glibc=_checked(system.glibc, validate.NUMBERS, "system.glibc") if system else None,
        musl=bool(system and string(system.musl)),
        architecture=_architecture(manifest),
        packages=packages(manifest),
        packages_complete=bool(parts.packages and parts.packages.complete),
        frameworks=entries(parts.frameworks),
        libraries=tuple(_system_libraries(manifest)),
        toolkit=_checked(cuda.toolkit, validate.NUMBERS, "cuda.toolkit") if cuda else None,
        toolkit_named=bool(cuda and string(cuda.home)),
        driver_cuda=_checked(cuda.driver, validate.NUMBERS, "cuda.driver") if cuda else None,
        has_nvcc="nvcc" in entries(parts.tools),
        gpu_known_absent=_no_gpu(manifest),
    )


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
    for name in found:
        if len(name) > 200 or not validate.PACKAGE.fullmatch(name):
            place = path_text(("packages", name[:80]))
            validate.refuse(place, "this is no name of a package; it cannot go into a Dockerfile")
    return found


def numbers(version: str) -> Release:
    """Split a dotted version of whole numbers, checked before, for comparison."""
    return tuple(int(part) for part in version.split("."))


def major_minor(version: str) -> str:
    """Return X.Y of X.Y.Z."""
    return ".".join(version.split(".")[:2])


def framework_cuda(framework: Framework, name: str) -> str | None:
    """Return the CUDA version that a framework was built for."""
    return _checked(framework.cuda, validate.NUMBERS, path_text(("frameworks", name, "cuda")))


def _checked(value: object, pattern: re.Pattern[str], place: str) -> str | None:
    text = string(value)
    if text is None:
        return None
    return validate.matched(text, pattern, place, "value of its kind")


def _python(manifest: Manifest) -> str | None:
    section = manifest.sections.python
    if not section:
        return None
    implementation = string(section.implementation)
    if implementation not in (None, "CPython", "cpython"):
        validate.refuse(
            "python.implementation",
            "only CPython has images that envsnap knows; name one with --base IMAGE",
        )
    return _checked(section.version, validate.PYTHON, "python.version")


def _architecture(manifest: Manifest) -> str:
    section = manifest.sections.system
    name = _checked(section.architecture, validate.WORD, "system.architecture") if section else None
    return ARCHITECTURES.get((name or "x86_64").lower(), (name or "").lower())


def _no_gpu(manifest: Manifest) -> bool:
    """Tell whether the captured machine is known to have no NVIDIA GPU."""
    gpus, driver = manifest.sections.gpus, manifest.sections.driver
    if not gpus or not gpus.complete or gpus.gaps or entries(gpus):
        return False
    return not (driver and (string(driver.version) or string(driver.kernel_module)))


def _system_libraries(manifest: Manifest) -> Iterator[Mapped]:
    process = manifest.sections.process
    found = [(name, item.mapped_on_import) for name, item in _frameworks(manifest).items()]
    if process:
        found.append(("process", process.loaded))
    for by, libraries in found:
        for soname, library in (libraries if isinstance(libraries, dict) else {}).items():
            path = string(library.path) or ""
            if SYSTEM_FOLDERS.match(path) and not PACKAGE_FOLDERS.search(path):
                version = string(library.version)
                yield Mapped(
                    soname=soname.partition("#")[0],
                    path=path,
                    version=version if version and validate.NUMBERS.fullmatch(version) else None,
                    by=by,
                )


def _frameworks(manifest: Manifest) -> dict[str, Framework]:
    found: dict[str, Framework] = entries(manifest.sections.frameworks)
    return found
