"""What the generator reads of a manifest, each value checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, UnsetType

from envsnap.image import validate
from envsnap.model import reading
from envsnap.model.compute import Framework
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text
from envsnap.model.python import Conda, Package

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

    def of(section: str, field: str) -> str | None:
        return string(reading.stated(manifest, section, field))

    def valid(section: str, field: str, pattern: re.Pattern[str]) -> str | None:
        return checked(of(section, field), pattern, f"{section}.{field}")

    return Facts(
        python=valid("python", "version", validate.PYTHON),
        odd_python=_odd(manifest),
        base_prefix=of("python", "base_prefix"),
        system=of("system", "platform"),
        os_id=valid("system", "os_id", validate.WORD),
        os_version=valid("system", "os_version", validate.WORD),
        glibc=valid("system", "glibc", validate.NUMBERS),
        musl=of("system", "musl") is not None,
        architecture=_architecture(valid("system", "architecture", validate.WORD)),
        packages=packages(manifest),
        packages_complete=reading.is_complete(manifest, "packages"),
        frameworks=reading.frameworks(manifest),
        libraries=tuple(_system_libraries(manifest)),
        toolkit=valid("cuda", "toolkit", validate.NUMBERS),
        toolkit_named=of("cuda", "home") is not None,
        driver_cuda=valid("cuda", "driver", validate.NUMBERS),
        has_nvcc="nvcc" in reading.entries(manifest, "tools"),
        no_gpu=_no_gpu(manifest),
        system_packages=_system_packages(reading.stated(manifest, "system", "packages")),
        system_site=reading.stated(manifest, "python", "system_site_packages") is True,
    )


def string(value: object) -> str | None:
    """Return a fact that is text; None where it is unknown or null."""
    return value if isinstance(value, str) else None


def packages(manifest: Manifest) -> dict[str, Package]:
    """Return the installed distributions; every name is one that an index could hold."""
    found = reading.packages(manifest)
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


def framework_cuda(framework: Framework, name: str) -> str | None:
    """Return the CUDA version that a framework was built for."""
    return checked(framework.cuda, validate.NUMBERS, path_text(("frameworks", name[:40], "cuda")))


def checked(value: object, pattern: re.Pattern[str], place: str) -> str | None:
    """Return a fact that is text of this pattern; None where it is unknown or null."""
    text = string(value)
    if text is None:
        return None
    return validate.matched(text, pattern, place, "value of its kind")


def _odd(manifest: Manifest) -> str | None:
    """Return in what way the interpreter is of a kind that no listed image has."""
    implementation = string(reading.stated(manifest, "python", "implementation"))
    if implementation not in (None, "CPython", "cpython"):
        return "python.implementation: not CPython"
    if reading.stated(manifest, "python", "gil") is False:
        return "python.gil: a free-threaded build"
    if reading.stated(manifest, "python", "debug") is True:
        return "python.debug: a debug build"
    return None


def _architecture(stated: str | None) -> str:
    name = stated or "x86_64"
    if name.lower() not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        validate.refuse("system.architecture", f"{name} is none that images are for ({known})")
    return ARCHITECTURES[name.lower()]


def _system_packages(stated: dict[str, str] | None) -> dict[str, str] | None:
    if stated is None:
        return None
    if len(stated) > MOST_SYSTEM_PACKAGES:
        validate.refuse("system.packages", f"more than {MOST_SYSTEM_PACKAGES} packages")
    for name, version in stated.items():
        place = path_text(("system", "packages", name[:40]))
        validate.matched(name, validate.DPKG_PACKAGE, place, "name of a Debian package")
        validate.matched(version, validate.APT_VERSION, place, "version of a Debian package")
    return stated


def _no_gpu(manifest: Manifest) -> bool:
    """Tell whether the captured machine is known to have no NVIDIA GPU."""
    gpus = manifest.sections.gpus
    if isinstance(gpus, UnsetType) or not gpus.complete or gpus.gaps or reading.gpus(manifest):
        return False
    return all(
        string(reading.stated(manifest, "driver", field)) is None
        for field in ("version", "kernel_module")
    )


def _system_libraries(manifest: Manifest) -> Iterator[Mapped]:
    found = [(name, item.mapped_on_import) for name, item in reading.frameworks(manifest).items()]
    found.append(("process", reading.stated(manifest, "process", "loaded")))
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
