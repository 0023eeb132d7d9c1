"""Manifest to plan: every decision about the image, with its reason. No network is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from envsnap.image import facts, validate
from envsnap.image.planning import apt, conda, environment, host, requirements
from envsnap.image.planning import base as bases
from envsnap.image.planning.asked import Asked, add, completed
from envsnap.image.planning.foundations import Foundation
from envsnap.image.records import (
    PLAN_VERSION,
    Decision,
    NotCarried,
    Plan,
    PythonSource,
    Requirements,
)
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text
from envsnap.wording import counted, few

if TYPE_CHECKING:
    from envsnap.image.records import Lock

__all__ = ["Plan", "make_plan"]
NOTHING_ASKED = Asked()
OF_INSTALLERS = ("_virtualenv.", "easy-install.")  # what virtualenv and old pips leave
MOST_NAMED = 6


def make_plan(
    manifest: Manifest,
    base: str = "auto",
    lock: Lock | None = None,
    asked: Asked = NOTHING_ASKED,
) -> Plan:
    """Plan an image for a manifest; `base` is auto, slim, cuda or an image reference.

    A partial list of packages needs a lock, which has resolved the rest; otherwise only what is
    stated is in the plan, and the plan says that it is not complete.

    `lock` holds the files of the distributions, where they were resolved.

    Raises InputError, in one line that names the manifest's path, for values that may not reach
    a Dockerfile and for environments that no listed image fits.
    """
    validate.matched(manifest.fingerprint, validate.FINGERPRINT, "fingerprint", "fingerprint")
    known, foundation = _known(manifest, base, lock, asked)
    packages = requirements.sort(known, lock)
    of_conda = conda.sort(known, lock)
    variables = environment.sort(manifest)
    needs = host.needs(manifest, known, foundation.cuda)
    # Slim images have the zones already.
    zones = ("tzdata",) if "TZ" in variables.kept and foundation.apt else ()
    chosen = apt.choose(known, foundation.base.system, (*foundation.apt, *zones))
    parts = (packages, of_conda, chosen)
    kept = {**variables.kept, **needs.environment}
    return Plan(
        plan_version=PLAN_VERSION,
        fingerprint=manifest.fingerprint,
        base=foundation.base,
        python=_python(known, foundation, packages),
        requirements=packages.groups,
        artifacts=tuple(artifact for _, artifact in sorted(lock.artifacts.items())) if lock else (),
        unhashed=tuple(sorted(lock.unhashed)) if lock else (),
        conda=of_conda.stage,
        apt=chosen.packages,
        environment=dict(sorted(kept.items())),
        host=needs.requirements,
        dropped=variables.dropped,
        not_carried=(*(left for part in parts for left in part.not_carried), *_files(manifest)),
        decisions=(
            *foundation.decisions,
            *_partial(known, lock),
            *_other_system(known),
            *(decision for part in parts for decision in part.decisions),
            *variables.decisions,
            *_loose(manifest),
            *needs.decisions,
        ),
    )


def _known(
    manifest: Manifest, base: str, lock: Lock | None, asked: Asked
) -> tuple[facts.Facts, Foundation]:
    """The facts with what was asked for and what a lock has resolved, and the base for them."""
    known = add(facts.read(manifest), asked)
    if lock is not None:
        known = completed(known, lock.resolved)
    foundation = bases.choose(known, base)
    return replace(known, apt_python=_is_own(known, foundation)), foundation


def _python(
    known: facts.Facts, foundation: Foundation, packages: requirements.Sorted
) -> PythonSource:
    """Say how the environment is made with the base's Python."""
    return replace(
        foundation.python,
        installer=packages.installer,
        removed=_removed(known),
        system_site=known.system_site or bool(apt.python_packages(known)),
        without_pip=_without_pip(known, packages.groups),
    )


def _is_own(known: facts.Facts, foundation: Foundation) -> bool:
    """Tell whether the base has the very Python for which apt installed distributions."""
    same = foundation.base.system == f"{known.os_id} {known.os_version}"
    return same and foundation.python.how == "apt" and foundation.python.version == known.python


def _without_pip(known: facts.Facts, groups: tuple[Requirements, ...]) -> bool:
    """Tell whether the environment needs no pip of its own: the system's serves, or none."""
    if not apt.python_packages(known):
        return False
    pip = known.packages.get("pip")
    return (pip is not None and requirements.by_apt(known, pip)) or (pip is None and not groups)


def _loose(manifest: Manifest) -> tuple[Decision, ...]:
    """Say which code of the captured environment no line of the plan brings back."""
    stated = reading.stated(manifest, "python", "loose_modules") or {}
    names = [name for name in stated if not name.startswith(OF_INSTALLERS)]
    if not names:
        return ()
    shown = few([ascii(name)[1:-1] for name in names], MOST_NAMED)
    why = f"no distribution answers for {shown}: carry them with --app, or as a wheel"
    choice = f"{counted(len(names), 'module')} not in the image"
    return (Decision(subject="modules", choice=choice, why=why, certainty="unknown"),)


def _partial(known: facts.Facts, lock: Lock | None) -> tuple[Decision, ...]:
    """Say what becomes of a list of packages that is not complete."""
    if known.packages_complete:
        return ()
    if lock is not None and not lock.resolved:
        why = "the list is partial; by their metadata these need nothing that it lacks"
        return (Decision(subject="packages", choice="as stated", why=why, certainty="nearest"),)
    if lock is None:
        why = "the list is partial: what else these need is not installed; --resolve finds it"
        return (Decision(subject="packages", choice="as stated", why=why, certainty="unknown"),)
    stated = len(known.packages) - len(lock.resolved)
    why = "the list is partial; uv resolved the rest from metadata alone, with the stated versions"
    if lock.overruled:
        why += f", but: {lock.overruled}"
    choice = f"{counted(len(lock.resolved), 'distribution')} beside the {stated} stated"
    return (Decision(subject="packages", choice=choice, why=why, certainty="nearest"),)


def _removed(known: facts.Facts) -> tuple[str, ...]:
    """Name what venv adds and the captured environment is known to lack."""
    if not known.packages_complete or (conda.whole(known) and "pip" in known.packages):
        return ()
    return tuple(name for name in requirements.seeds(known) if name not in known.packages)


def _files(manifest: Manifest) -> Iterator[NotCarried]:
    """Name the user's files: the manifest has their digests, not their bytes."""
    for section in ("configs", "weights"):
        for name in sorted(reading.entries(manifest, section)):
            yield NotCarried(
                path=path_text((section, name[: validate.LONGEST_NAME])),
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
