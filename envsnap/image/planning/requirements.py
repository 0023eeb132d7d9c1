"""Sorts the installed distributions: pinned, by index; by address; or not to be carried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from envsnap.image import validate
from envsnap.image.facts import Facts, major_minor, numbers, string
from envsnap.image.planning import conda, lock_notes, weights
from envsnap.image.records import Decision, NotCarried, Place, Requirements
from envsnap.knowledge import torch_builds
from envsnap.knowledge.torch_builds import INDEX as PYTORCH_INDEX
from envsnap.model import reading
from envsnap.model.paths import text as path_text
from envsnap.model.python import Origin, Package
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.image.records import Lock

INSTALLER = "pip"
# Neither name may ever be installed from an index: one is ours and not there, one is another's.
OURS = ("envsnap", "envsnap-ml")
HARMLESS_DEFECTS = frozenset(("the metadata is not UTF-8",))
SYSTEM_PACKAGES = re.compile(r"/usr/lib/python3[0-9.]*/dist-packages/?")

GIVE_WHEEL = "build a wheel of it and name its folder with --find-links"
# Layers, by weight and rate of change: what is large; libraries that many stand on; the rest.
LAYERS = FRAMEWORK, LIBRARIES, REST = "framework", "libraries", "rest"
STAGING = "/tmp/envsnap/"  # noqa: S108 -- a folder of the build stage


# What venv installs by itself, by the first Python that does so no more.
SEEDED = (("pip", None), ("setuptools", (3, 12)))


class Sorted(Struct, frozen=True, kw_only=True):
    """What becomes of the installed distributions."""

    groups: tuple[Requirements, ...]
    not_carried: tuple[NotCarried, ...]
    decisions: tuple[Decision, ...]
    installer: str | None


class Pinned(Struct, frozen=True, kw_only=True):
    """One requirement and where it comes from."""

    name: str
    version: str
    line: str
    place: Place
    index: str | None = None
    file: str | None = None  # a wheel in the build context
    heavy: bool = False
    sizable: bool = False
    hashed: bool = False  # whether the line holds the digest of its one file


def edited(facts: Facts) -> dict[str, str]:
    """Distributions whose installed files were edited or lost, each with the first such file."""
    found = {name: reading.edited(package) for name, package in facts.packages.items()}
    return {name: files[0] for name, files in found.items() if files}


def sort(facts: Facts, lock: Lock | None = None) -> Sorted:
    """Sort the installed distributions into pip's runs, and say what stays behind and why."""
    local = lock.artifacts if lock else {}
    from_folder = frozenset(name for name, item in local.items() if item.source == "folder")
    pinned, left = pins(facts, from_folder)
    if lock is not None:
        pinned = [_locked(item, lock) for item in pinned if item.name not in lock.seeded]
    pinned = _weighed(pinned, lock)
    installer = next((item.version for item in pinned if _installs(item)), None)
    groups = tuple(_groups([item for item in pinned if lock is not None or not _installs(item)]))
    return Sorted(
        groups=groups,
        not_carried=tuple(left),
        decisions=(
            *_installer_decision(facts, lock, installer),
            *(_group_decision(group) for group in groups),
            *lock_notes.decisions(lock, edited(facts)),
            *_left_decision(left),
        ),
        installer=installer,
    )


def _weighed(pinned: list[Pinned], lock: Lock | None) -> list[Pinned]:
    """Mark what gets a layer of its own, and what stands between it and the rest.

    What venv brings by itself goes with it, for only there is it replaced without a trace.
    """
    movable = {item.name for item in pinned if item.place in ("index", "folder")}
    labelled = {item.name for item in pinned if item.index}
    sizes = lock.sizes if lock else {}
    large = labelled | weights.large(movable, sizes)
    if not large:
        return pinned
    large |= {name for name, _ in SEEDED} | {"wheel"}
    sizable = weights.sizable(movable - large, sizes)
    return [
        replace(
            item,
            heavy=item.name in large or item.place == "installer",
            sizable=item.name in sizable and item.place != "installer",
        )
        for item in pinned
    ]


def seeds(facts: Facts) -> tuple[str, ...]:
    """Name what venv installs by itself with the captured Python."""
    if facts.python is None:
        return ()
    minor = numbers(major_minor(facts.python))
    return tuple(name for name, until in SEEDED if until is None or minor < until)


def pins(facts: Facts, from_folder: frozenset[str]) -> tuple[list[Pinned], list[NotCarried]]:
    """Pin every distribution, or say why it stays behind.

    `from_folder` names those whose wheels the user has: where they came from does not matter.
    """
    pinned: list[Pinned] = []
    left: list[NotCarried] = []
    of_conda = conda.whole(facts)
    for name, package in sorted(facts.packages.items()):
        if conda.concerns(package) and (conda.by_conda(package) or not of_conda):
            continue  # the stage of conda's packages has it, or says why not
        if by_apt(facts, package):
            continue  # apt installs it
        place = path_text(("packages", name))
        validate.matched(name, validate.PACKAGE, place, "name that an index could hold")
        found = (
            _by_wheel(name, package, place) if name in from_folder else _one(name, package, place)
        )
        if isinstance(found, NotCarried):
            left.append(found)
        else:
            pinned.append(found)
    return pinned, left


def by_apt(facts: Facts, package: Package) -> bool:
    """Tell whether apt installs a distribution: the base is of the captured release."""
    return facts.apt_python and string(package.system_package) is not None


def _installs(item: Pinned) -> bool:
    return item.name == INSTALLER and item.place in ("index", "installer") and item.index is None


def _by_wheel(name: str, package: Package, place: str) -> Pinned | NotCarried:
    version = validate.pinned_version(string(package.version) or "", f"{place}.version")
    if version is None:
        return NotCarried(path=place, reason="its version is not one that pip can pin (PEP 440)")
    return Pinned(name=name, version=version, line=f"{name}=={version}", place="folder")


def _locked(item: Pinned, lock: Lock) -> Pinned:
    """Add the hash of the one file that a requirement is installed from."""
    artifact = lock.artifacts.get(item.name)
    if item.place not in ("index", "folder"):
        return item  # its address or its commit names it already
    if artifact is None:
        return replace(item, place="unhashed")
    if artifact.proof == "digest":
        line = f"{item.name} @ file://{STAGING}{artifact.file}#sha256={artifact.sha256}"
        return replace(item, line=line, file=artifact.file, hashed=True)
    place: Place = "folder" if artifact.source == "folder" else item.place
    if artifact.kind == "sdist":
        place = "source"
    elif _installs(item):
        place = "installer"
    line = f"{item.name}=={item.version} --hash=sha256:{artifact.sha256}"
    file = artifact.file if artifact.source == "folder" else None
    return replace(item, line=line, place=place, file=file, hashed=True)


def _one(name: str, package: Package, place: str) -> Pinned | NotCarried:
    """Pin one distribution, or say why it stays behind."""
    refusal = _stays(name, package)
    if refusal:
        return NotCarried(path=place, reason=refusal)
    version_text = string(package.version)
    if not version_text:
        return NotCarried(path=place, reason="its metadata states no version")
    version = validate.pinned_version(version_text, f"{place}.version")
    if version is None:
        return NotCarried(path=place, reason="its version is not one that pip can pin (PEP 440)")
    if isinstance(package.origin, Origin):
        return _from_origin(name, version, package.origin, place)
    label = version.partition("+")[2]
    line = f"{name}=={version}"
    if not label:
        return Pinned(name=name, version=version, line=line, place="index")
    own_index = torch_builds.index_of(name, version)
    if own_index is not None:
        index = validate.matched(
            own_index, validate.PYTORCH_INDEX, f"{place}.version", "index of PyTorch"
        )
        return Pinned(name=name, version=version, line=line, place="index", index=index)
    reason = f"no known index has builds labelled +{label}; give its wheel with --find-links"
    return NotCarried(path=place, reason=reason)


def _stays(name: str, package: Package) -> str | None:
    """Return why a distribution cannot be carried whatever its version, or None if it can."""
    defects = package.defects if isinstance(package.defects, tuple) else ()
    folder = string(package.folder) or ""
    if name in OURS:
        return "envsnap itself is not on an index; install it from its source"
    if name == "pkg-resources":
        return "a mark that Debian's venv leaves; no index has it"
    if package.editable is True:
        return f"an editable install: its files are not in the manifest; {GIVE_WHEEL}"
    if set(defects) - HARMLESS_DEFECTS:
        return "its metadata is damaged; install it again on the captured machine"
    if SYSTEM_PACKAGES.fullmatch(folder):
        known = string(package.system_package)
        what = f"its package {known}" if known else "a package"
        return (
            f"installed by the system's package manager ({what}): only a base of the captured release"
            " has it; name one with --base, or install it with pip and capture again"
        )
    return None


def _from_origin(name: str, version: str, origin: Origin, place: str) -> Pinned | NotCarried:
    """Pin a distribution that was installed from an address (PEP 610)."""
    url = string(origin.url) or ""
    scheme = url.partition(":")[0]
    clean = validate.SCHEME.fullmatch(scheme) and url[len(scheme) :].startswith("://")
    rest = url[len(scheme) + 3 :] if clean else ""
    if scheme == "file" and clean:
        return NotCarried(path=place, reason=f"installed from a local file or folder; {GIVE_WHEEL}")
    if not clean or rest.startswith("-") or not validate.ADDRESS.fullmatch(rest):
        validate.refuse(
            f"{place}.origin.url", f"{validate.shown(url)} is no address that a Dockerfile may hold"
        )
    if scheme != "https":
        return NotCarried(path=place, reason=f"installed over {scheme}; only https can be carried")
    validate.https_address(url, f"{place}.origin.url")
    vcs, commit, sha256 = string(origin.vcs), string(origin.commit), string(origin.sha256)
    if vcs == "git" and commit:
        validate.matched(commit, validate.COMMIT, f"{place}.origin.commit", "full commit")
        line = f"{name} @ git+{url}@{commit}{validate.folder(origin.subdirectory, '#', place)}"
        return Pinned(name=name, version=version, line=line, place="git")
    if vcs is None and sha256:
        validate.matched(sha256, validate.SHA256, f"{place}.origin.sha256", "SHA-256")
        line = f"{name} @ {url}#sha256={sha256}{validate.folder(origin.subdirectory, '&', place)}"
        return Pinned(name=name, version=version, line=line, place="address", hashed=True)
    missing = "a git commit" if vcs else "a digest"
    return NotCarried(path=place, reason=f"installed from an address without {missing}")


def _groups(pinned: list[Pinned]) -> list[Requirements]:
    """Group requirements by pip run: PyTorch's indexes first, for their layers are the largest."""
    runs: list[tuple[str, Place, str | None]] = [("requirements-pip.txt", "installer", None)]
    named = {item.index for item in pinned if item.index is not None and item.place == "index"}
    for index in sorted(named):
        label = index.removeprefix(PYTORCH_INDEX).replace("/", "-")
        runs.append((f"requirements-{label}.txt", "index", index))
    runs += [
        ("requirements-wheels.txt", "folder", None),
        ("requirements.txt", "index", None),
        ("requirements-url.txt", "address", None),
        ("requirements-source.txt", "source", None),
        ("requirements-git.txt", "git", None),
        ("requirements-unhashed.txt", "unhashed", None),
    ]
    found: list[Requirements] = []
    for layer in LAYERS:
        for file, place, source in runs:
            members = [
                item
                for item in pinned
                if _layer(item) == layer
                and item.place == place
                and (item.index == source or place != "index")
            ]
            if members:
                found.append(_group(_file_of(file, layer), members, place, source))
    return found


def _layer(item: Pinned) -> str:
    return FRAMEWORK if item.heavy else LIBRARIES if item.sizable else REST


def _file_of(file: str, layer: str) -> str:
    """Name the file of a run: what is large in front of what is not."""
    shared = ("requirements.txt", "requirements-wheels.txt")
    return (
        file.replace("requirements", f"requirements-{layer}", 1)
        if layer != REST and file in shared
        else file
    )


def _group(file: str, members: list[Pinned], place: Place, index: str | None) -> Requirements:
    return Requirements(
        file=file,
        heavy=members[0].heavy,
        sizable=members[0].sizable,
        index=index,
        lines=tuple(sorted(item.line for item in members)),
        place=place,
        needs_git=place == "git",
        hashed=all(item.hashed for item in members),
        build=place in ("source", "git", "unhashed"),
        wheels=tuple(sorted(item.file for item in members if item.file)),
    )


def _installer_decision(
    facts: Facts, lock: Lock | None, installer: str | None
) -> tuple[Decision, ...]:
    if conda.whole(facts) or (lock is not None and INSTALLER in lock.seeded):
        return ()
    if installer is None:
        return (
            Decision(
                subject="packages.pip",
                choice="the pip that the base's Python brings",
                why="the captured environment has no pip of its own to install with",
                certainty="unknown",
            ),
        )
    return (
        Decision(
            subject="packages.pip",
            choice=f"pip {installer}",
            why="the captured installer; it is installed first and stands in no requirements file",
            certainty="exact",
        ),
    )


def _group_decision(group: Requirements) -> Decision:
    count = counted(len(group.lines), "distribution")
    if group.place == "git":
        why = "cloned with git at their commits and built; what building needs is not pinned"
        return Decision(subject="packages", choice=group.file, why=why, certainty="nearest")
    if group.place == "address":
        why = f"{count} from the addresses they came from, with their digests"
        return Decision(subject="packages", choice=group.file, why=why, certainty="exact")
    if group.wheels:
        why = f"{count} from the wheels in the build context"
        return Decision(subject="packages", choice=group.file, why=why, certainty="exact")
    if group.build:
        why = f"{count} built from source, where no wheel is; what building needs is not pinned"
        return Decision(subject="packages", choice=group.file, why=why, certainty="nearest")
    if group.index is None:
        how = "file by its hash" if group.hashed else "exact version, without hashes"
        why = f"{count} by {how}"
        return Decision(subject="packages", choice=group.file, why=why, certainty="exact")
    unlisted = [line for line in group.lines if line.startswith("torch==") and not _listed(line)]
    why = f"the local label names PyTorch's index {group.index}"
    if unlisted:
        why = f"{why}; no table lists {unlisted[0]}"
    return Decision(
        subject="packages",
        choice=group.file,
        why=why,
        certainty="nearest" if unlisted else "exact",
    )


def _listed(line: str) -> bool:
    """Tell whether the tables list this build of torch in the folder that its label names."""
    public, _, label = line.removeprefix("torch==").partition(" ")[0].partition("+")
    return torch_builds.is_in_folder(public, label)


def _left_decision(left: list[NotCarried]) -> tuple[Decision, ...]:
    if not left:
        return ()
    return (
        Decision(
            subject="packages",
            choice=f"{counted(len(left), 'distribution')} not in the image",
            why="each is listed under not_carried with its reason",
            certainty="unknown",
        ),
    )
