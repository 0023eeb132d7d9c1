"""Manifest to plan: every decision about the image, with its reason. No network is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from envsnap.image import base as bases
from envsnap.image import environment, facts, host, requirements, validate
from envsnap.image.cuda_use import CUDA_LIBRARY
from envsnap.image.records import PLAN_VERSION, Decision, Left, Plan
from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text

if TYPE_CHECKING:
    from envsnap.image.lock import Lock

__all__ = ["Plan", "make_plan"]

# In every base image, or part of Python's own needs.
ALWAYS_THERE = ("libstdc++.so.6", "libssl.so", "libcrypto.so", "libcuda.so", "libnvidia-")


def make_plan(manifest: Manifest, base: str = "auto", lock: Lock | None = None) -> Plan:
    """Plan an image for a manifest; `base` is auto, slim, cuda or an image reference.

    `lock` holds the files of the distributions, where they were resolved.

    Raises InputError, in one line that names the manifest's path, for values that may not reach
    a Dockerfile and for environments that no listed image fits.
    """
    validate.matched(manifest.fingerprint, validate.FINGERPRINT, "fingerprint", "fingerprint")
    known = facts.read(manifest)
    foundation = bases.choose(known, base)
    packages = requirements.sort(known, lock)
    variables = environment.sort(manifest)
    needs = host.needs(manifest, known, foundation.cuda)
    apt, strangers = _libraries(known)
    if "TZ" in variables.kept and foundation.apt:  # slim images have the zones already
        apt.append("tzdata")
    kept = {**variables.kept, **needs.environment}
    return Plan(
        plan_version=PLAN_VERSION,
        fingerprint=manifest.fingerprint,
        base=foundation.base,
        python=replace(
            foundation.python,
            installer=packages.installer,
            removed=_removed(known),
        ),
        requirements=packages.groups,
        artifacts=tuple(artifact for _, artifact in sorted(lock.artifacts.items())) if lock else (),
        unhashed=tuple(sorted(lock.unhashed)) if lock else (),
        apt=tuple(sorted({*foundation.apt, *apt})),
        environment=dict(sorted(kept.items())),
        host=needs.requirements,
        dropped=variables.dropped,
        not_carried=(*packages.not_carried, *strangers, *_files(manifest)),
        decisions=(
            *foundation.decisions,
            *_other_system(known),
            *packages.decisions,
            *_apt_decision(apt),
            *variables.decisions,
            *needs.decisions,
        ),
    )


def _removed(known: facts.Facts) -> tuple[str, ...]:
    """Name what venv adds and the captured environment is known to lack."""
    if not known.packages_complete:
        return ()
    return tuple(name for name in requirements.seeds(known) if name not in known.packages)


def _libraries(known: facts.Facts) -> tuple[list[str], list[Left]]:
    """Find the apt packages of system libraries that were loaded, and those nobody knows."""
    packages = {row["soname"]: row["package"] for row in table("apt_libraries")["rows"]}
    found: list[str] = []
    strangers: dict[str, Left] = {}
    for item in known.libraries:
        if item.soname in packages:
            found.append(packages[item.soname])
        elif _is_stranger(item.soname):
            strangers[item.soname] = Left(
                path=path_text(("frameworks", item.by, "mapped_on_import", item.soname))
                if item.by != "process"
                else path_text(("process", "loaded", item.soname)),
                reason="loaded from the system; no package is known that has it",
            )
    return found, list(strangers.values())


def _apt_decision(apt: list[str]) -> tuple[Decision, ...]:
    if not apt:
        return ()
    return (
        Decision(
            subject="apt",
            choice=", ".join(sorted(set(apt))),
            why="the captured environment used them from the system; their versions are the base's",
            certainty="nearest",
        ),
    )


def _is_stranger(soname: str) -> bool:
    if soname.startswith(ALWAYS_THERE):
        return False
    # libnvinfer is TensorRT's: it matches as a CUDA library, and the images lack it.
    return soname.startswith("libnvinfer") or not CUDA_LIBRARY.fullmatch(soname)


def _files(manifest: Manifest) -> Iterator[Left]:
    """Name the user's files: the manifest has their digests, not their bytes."""
    for section in ("configs", "weights"):
        for name in sorted(facts.entries(getattr(manifest.sections, section))):
            yield Left(
                path=path_text((section, name)),
                reason="the image holds no user's files; mount it when the container starts",
            )


def _other_system(known: facts.Facts) -> tuple[Decision, ...]:
    if known.system in (None, "linux"):
        return ()
    return (
        Decision(
            subject="system.platform",
            choice="linux",
            why="captured on another system; wheels for Linux are other builds",
            certainty="nearest",
        ),
    )
