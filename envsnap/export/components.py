"""What an SBOM lists of a manifest, each with a reference of its own, and what requires what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from envsnap.export import purls
from envsnap.export.distributions import is_of_conda
from envsnap.model import reading
from envsnap.model.inputs import Config, Weight
from envsnap.model.manifest import Manifest
from envsnap.model.python import Conda, Origin, Package

# The sections that components come from.
SECTIONS = ("python", "packages", "driver", "gpus", "system", "weights", "configs")
HEX = {"SHA-256": re.compile(r"[0-9a-f]{64}"), "MD5": re.compile(r"[0-9a-f]{32}")}
REQUIRED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


class Found(Struct, frozen=True, kw_only=True):
    """A component, in CycloneDX's words for its kind and its hashes."""

    ref: str
    kind: str
    name: str
    version: str | None = None
    description: str | None = None
    purl: purls.Parts | None = None
    hashes: dict[str, str] = {}
    properties: dict[str, str] = {}


def found(manifest: Manifest) -> Iterator[Found]:
    """Yield every component."""
    yield from _system(manifest)
    yield from _python(manifest)
    for name, package in sorted(reading.packages(manifest).items()):
        yield _package(name, package)
    yield from _system_packages(manifest)
    yield from _devices(manifest)
    for name, weight in reading.entries(manifest, "weights").items():
        yield _model(name, weight)
    for name, config in reading.entries(manifest, "configs").items():
        yield _config(name, config)


def requirements(
    manifest: Manifest, there: Mapping[str, Found]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield which components a component requires, of those that are there.

    A requirement whose marker does not hold in this environment is none.
    """
    from envsnap.changes import markers

    known = markers.known(manifest)
    for name, package in reading.packages(manifest).items():
        needed = []
        for line in package.requires if isinstance(package.requires, tuple) else ():
            match = REQUIRED.match(line)
            marker = line.partition(";")[2].strip()
            if match is None or (marker and markers.holds(marker, known) is False):
                continue
            ref = _python_ref(re.sub(r"[-_.]+", "-", match[1]).lower())
            if ref in there and ref != _python_ref(name):
                needed.append(ref)
        if needed:
            yield _python_ref(name), tuple(dict.fromkeys(needed))


def _python_ref(name: str) -> str:
    return f"python:{name}"


def _hashes(**values: object) -> dict[str, str]:
    """Whole-file digests that have the form of one; SHA_256 stands for SHA-256."""
    named = {key.replace("_", "-"): value for key, value in values.items()}
    return {
        key: value
        for key, value in named.items()
        if isinstance(value, str) and HEX[key].fullmatch(value)
    }


def _texts(**values: object) -> dict[str, str]:
    """Properties of ours: what is known, as text."""
    return {
        f"envsnap:{key}": value if isinstance(value, str) else str(value).lower()
        for key, value in values.items()
        if isinstance(value, str | int | bool)
    }


def _package(name: str, package: Package) -> Found:
    version = package.version if isinstance(package.version, str) else None
    conda = package.conda if isinstance(package.conda, Conda) else Conda()
    origin = package.origin if isinstance(package.origin, Origin) else Origin()
    of_conda = is_of_conda(package)
    whole = conda if of_conda else origin
    return Found(
        ref=_python_ref(name),
        kind="library",
        name=name,
        version=version,
        purl=purls.of_conda(name, version, conda)
        if of_conda
        else purls.of_python(name, version, package),
        hashes=_hashes(SHA_256=whole.sha256, MD5=conda.md5 if of_conda else None),
        properties=_texts(
            record_sha256=package.record_sha256,
            installer=package.installer,
            editable=package.editable,
            system_package=package.system_package,
        ),
    )


def _system(manifest: Manifest) -> Iterator[Found]:
    name = reading.stated(manifest, "system", "os_id")
    described = reading.stated(manifest, "system", "os")
    if name is None and described is None:
        return
    yield Found(
        ref="system",
        kind="operating-system",
        name=name or described,
        version=reading.stated(manifest, "system", "os_version"),
        description=described,
        properties=_texts(
            kernel=reading.stated(manifest, "system", "kernel"),
            glibc=reading.stated(manifest, "system", "glibc"),
            architecture=reading.stated(manifest, "system", "architecture"),
        ),
    )


def _python(manifest: Manifest) -> Iterator[Found]:
    version = reading.stated(manifest, "python", "version")
    if version is None:
        return
    files = reading.stated(manifest, "python", "interpreter") or {}
    yield Found(
        ref="interpreter",
        kind="platform",
        name=reading.stated(manifest, "python", "implementation") or "Python",
        version=version,
        purl=purls.of_interpreter(version),
        hashes=_hashes(SHA_256=files.get("executable")),
    )


def _system_packages(manifest: Manifest) -> Iterator[Found]:
    named = dict(reading.stated(manifest, "system", "packages") or {})
    for package in reading.packages(manifest).values():
        if isinstance(package.system_package, str):
            name, _, version = package.system_package.partition("=")
            named.setdefault(name, version)
    os_id = reading.stated(manifest, "system", "os_id")
    os_version = reading.stated(manifest, "system", "os_version")
    for name, version in sorted(named.items()):
        yield Found(
            ref=f"system:{name}",
            kind="library",
            name=name,
            version=version or None,
            purl=purls.of_dpkg(name, version or None, os_id, os_version),
        )


def _devices(manifest: Manifest) -> Iterator[Found]:
    version = reading.stated(manifest, "driver", "version")
    if version is not None:
        yield Found(ref="driver", kind="device-driver", name="nvidia", version=version)
    for index, gpu in reading.gpus(manifest).items():
        if isinstance(gpu.name, str):
            yield Found(
                ref=f"gpu:{index}",
                kind="device",
                name=gpu.name,
                properties=_texts(compute_capability=gpu.compute_capability),
            )


def _model(name: str, weight: Weight) -> Found:
    return Found(
        ref=f"weights:{name}",
        kind="machine-learning-model",
        name=name,
        hashes=_hashes(SHA_256=weight.sha256),
        properties=_texts(
            size=weight.size,
            format=weight.format,
            tensor_count=weight.tensor_count,
            tensors_sha256=weight.tensors_sha256,
            damage=weight.damage,
        ),
    )


def _config(name: str, config: Config) -> Found:
    return Found(
        ref=f"config:{name}",
        kind="file",
        name=name,
        hashes=_hashes(SHA_256=config.sha256),
        properties=_texts(format=config.format, size=config.size),
    )
