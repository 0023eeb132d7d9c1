"""What one side of a bisection states that can be carried: distributions and variables."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from envsnap.model.manifest import Manifest
from envsnap.model.python import Origin, Package
from envsnap.redact import digests

Value = TypeVar("Value")
ANY = "none-any"  # how the tag of a wheel ends that is one on every machine


class Distribution(Struct, frozen=True, kw_only=True):
    """A distribution of one side; `obstacle` says why no index can have it.

    `record` is the digest of its RECORD, where an installation from a wheel can have it again;
    `is_pure` says that its wheel is one on every machine.
    """

    version: str
    requires: tuple[str, ...] = ()
    obstacle: str | None = None
    record: str | None = None
    is_pure: bool = False
    is_altered: bool = False


class Side(Struct, frozen=True, kw_only=True):
    """A side, as far as it can be carried. Without `packages_known` absence means nothing."""

    manifest: Manifest
    python: str | None
    packages: dict[str, Distribution]
    variables: dict[str, str]
    names: frozenset[str]  # variables that are set, and whose values nobody knows
    secrets: dict[str, str] = {}  # variables whose values were left out, each with the reason


def known(value: Value | UnsetType | None) -> Value | None:
    """A fact, or None where there is none."""
    return None if value is UNSET or isinstance(value, UnsetType) else value


def read(manifest: Manifest, links: str | None = None) -> Side:
    """Read a manifest; `links` is a folder of wheels, for what came from no index."""
    wheels = _wheels(links)
    sections = manifest.sections
    python = sections.python
    packages = sections.packages
    variables = sections.env_vars
    entries = {} if packages is UNSET else known(packages.entries) or {}
    found = {
        name: Distribution(
            version=package.version,
            requires=known(package.requires) or (),
            obstacle=_obstacle(package, wheels.get((name, package.version))),
            record=known(package.record_sha256) if known(package.conda) is None else None,
            is_pure=any(tag.endswith(ANY) for tag in known(package.wheel_tags) or ()),
            is_altered=bool(known(package.altered) or known(package.missing)),
        )
        for name, package in entries.items()
        if isinstance(package.version, str)
    }
    return Side(
        manifest=manifest,
        python=None if python is UNSET else known(python.version),
        packages=found,
        variables={} if variables is UNSET else dict(known(variables.entries) or {}),
        names=frozenset() if variables is UNSET else frozenset(known(variables.others) or ()),
        secrets={} if variables is UNSET else _secrets(variables.gaps),
    )


def _secrets(gaps: Mapping[str, str]) -> dict[str, str]:
    """Variables whose values were left out as secrets, by name; a keyed digest is part of the reason."""
    return {name: why for name, why in gaps.items() if digests.is_cut(why)}


def _wheels(folder: str | None) -> dict[tuple[str, str], list[str]]:
    """The wheels of a folder, by name and version."""
    from envsnap.image.locking.wheels import Named

    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else ():
        with contextlib.suppress(ValueError):  # no wheel has such a name
            wheel = Named(name)
            found.setdefault((wheel.name, wheel.version), []).append(
                os.path.join(str(folder), name)
            )
    return found


def _is_among(package: Package, origin: Origin, wheels: Iterable[str]) -> bool:
    """Whether one of these wheels is what was installed: by its SHA-256, its files, or its file's name.

    A name and a version alone are no sign: anybody's package may have them.
    """
    from envsnap.image.locking.wheels import record_digest

    wanted, record = known(origin.sha256), known(package.record_sha256)
    for path in wheels:
        if wanted is None:
            place = known(origin.url) or ""
            is_called_so = record is None and place.rpartition("/")[2] == os.path.basename(path)
            if is_called_so or (record is not None and record_digest(path) == record):
                return True
            continue
        with open(path, "rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == wanted:
                return True
    return False


def _obstacle(package: Package, wheels: Iterable[str] | None) -> str | None:
    """Why a distribution cannot be had from an index or as one of these wheels."""
    if known(package.editable):
        return "it is an editable install"
    origin = known(package.origin)
    if origin is not None and not _is_among(package, origin, wheels or ()):
        return "it was installed from an address or a folder, not from an index"
    if known(package.defects):
        return "its metadata is damaged"
    return None
