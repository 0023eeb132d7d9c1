"""Sorts the packages that conda installed: each by its address and the digest conda states."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.facts import Facts, string
from envsnap.image.planning import images
from envsnap.image.records import CondaStage, Decision, NotCarried
from envsnap.model.paths import text as path_text
from envsnap.model.python import Conda, Package
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.image.records import Lock

# What installs conda packages in the build: the release that the tests build with.
INSTALLER, INSTALLER_VERSION = "py-rattler", "0.28.0"
INSTALLER_PYTHON, INSTALLER_SUITE, INSTALLER_GLIBC = "3.12", "bookworm", "2.36"
REQUIREMENTS = "requirements-conda.txt"
LIST = "conda.txt"
PROGRAM = "conda_install.py"
SUFFIXES = (".conda", ".tar.bz2")
ARCHIVE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.+=!-]|%21){3,240}\.(?:conda|tar\.bz2)")
LOCAL = re.compile(r"(?:file|https?)://.{1,1900}")
UNREACHABLE = (
    "a build takes packages over https from hosts with a name only; name the folder that it lies in"
    " with --find-links"
)
MD5 = re.compile(r"[0-9a-f]{32}")
SUBDIRS = {"amd64": "linux-64", "arm64": "linux-aarch64"}


class Sorted(Struct, frozen=True, kw_only=True):
    """The stage that installs conda's packages, and what stays behind."""

    stage: CondaStage | None = None
    not_carried: tuple[NotCarried, ...] = ()
    decisions: tuple[Decision, ...] = ()


class _Listed(Struct, frozen=True, kw_only=True):
    """A package of the list; `weak` tells what is wanting about its digest."""

    line: str
    file: str
    weak: str | None


def whole(facts: Facts) -> bool:
    """Tell whether the environment is conda's: conda installed its Python."""
    return "python" in facts.packages and by_conda(facts.packages["python"])


def concerns(package: Package) -> bool:
    """Tell whether conda installed a package, be it that pip replaced it since."""
    return package.format == "conda" or isinstance(package.conda, Conda)


def by_conda(package: Package) -> bool:
    """Tell whether conda installed what is there now: pip may have replaced it since."""
    if package.format == "conda":
        return True
    if not isinstance(package.conda, Conda):
        return False
    return string(package.conda.version) == string(package.version)


def sort(facts: Facts, lock: Lock | None = None) -> Sorted:
    """Sort conda's packages into an explicit list, and say what stays behind and why."""
    here = {
        name: package.conda if isinstance(package.conda, Conda) else Conda()
        for name, package in sorted(facts.packages.items())
        if concerns(package)
    }
    if not here:
        return Sorted()
    if not whole(facts):
        reason = "installed by conda into an environment whose Python is not conda's"
        left = [NotCarried(path=path_text(("packages", name)), reason=reason) for name in here]
        return Sorted(not_carried=tuple(left))
    local = lock.conda if lock else {}
    if facts.system not in (None, "linux"):
        raise InputError(
            f"system.platform: captured on {facts.system}; conda's packages of another system"
            " cannot be in a Linux image"
        )
    listed, left = [], []
    for name, package in here.items():
        found = _one(facts, package, path_text(("packages", name, "conda")), local)
        if isinstance(found, NotCarried):
            left.append(found)
            if name == "python":
                raise InputError(f"{found.path}: {found.reason}")
        else:
            listed.append(found)
    stage = _stage(facts, listed, local, lock)
    return Sorted(
        stage=stage,
        not_carried=tuple(left),
        decisions=(_decision(listed), _installer_decision(stage)),
    )


def _one(facts: Facts, conda: Conda, place: str, local: dict[str, Path]) -> _Listed | NotCarried:
    """List one package, or say why it stays behind."""
    url = string(conda.url)
    if not url:
        return NotCarried(path=place, reason="conda-meta states no address of it")
    validate.matched(url, validate.ADDRESS, f"{place}.url", "address")
    folder, _, file = url.rpartition("/")
    subdir = folder.rpartition("/")[2]
    wanted = SUBDIRS.get(facts.architecture, "")
    if subdir not in (wanted, "noarch"):
        raise InputError(
            f"{place}.url: a package for {validate.shown(subdir)}; the image is for"
            f" {wanted or facts.architecture} (capture on the machine that the image is for)"
        )
    validate.matched(file, ARCHIVE, f"{place}.url", "file of a conda package")
    if file not in local:
        if validate.HTTPS.fullmatch(url) is None:
            return NotCarried(path=place, reason=UNREACHABLE)
        validate.https_address(url, f"{place}.url")
    else:
        validate.matched(url, LOCAL, f"{place}.url", "address of a package")
    sha256, md5 = string(conda.sha256), string(conda.md5)
    if sha256:
        validate.matched(sha256, validate.SHA256, f"{place}.sha256", "SHA-256")
        return _Listed(line=f"{url}#sha256:{sha256}", file=file, weak=None)
    if md5:
        validate.matched(md5, MD5, f"{place}.md5", "MD5")
        return _Listed(line=f"{url}#{md5}", file=file, weak="MD5 alone")
    return _Listed(line=url, file=file, weak="no digest")


def _stage(
    facts: Facts, listed: list[_Listed], local: dict[str, Path], lock: Lock | None
) -> CondaStage:
    hashes = "".join(f" --hash=sha256:{digest}" for digest in lock.conda_installer) if lock else ""
    return CondaStage(
        image=images.newest_slim(INSTALLER_PYTHON, INSTALLER_SUITE),
        installer=f"{INSTALLER}=={INSTALLER_VERSION}{hashes}",
        lines=tuple(sorted(item.line for item in listed)),
        files=tuple(sorted(item.file for item in listed if item.file in local)),
        has_pip="pip" in facts.packages,
        hashed=bool(hashes),
    )


def _decision(listed: list[_Listed]) -> Decision:
    weak = sorted({item.weak for item in listed if item.weak})
    how = f"; {' or '.join(weak)} of {sum(bool(item.weak) for item in listed)}" if weak else ""
    return Decision(
        subject="packages",
        choice=LIST,
        why=f"{counted(len(listed), 'package')} of conda by address and digest{how}; scripts of"
        " etc/conda/activate.d do not run in the image",
        certainty="nearest" if weak else "exact",
    )


def _installer_decision(stage: CondaStage) -> Decision:
    return Decision(
        subject="packages.conda",
        choice=f"{INSTALLER} {INSTALLER_VERSION} on {stage.image}",
        why="installs the list in a stage of its own; neither gets into the image",
        certainty="exact",
    )


def without_digest(facts: Facts) -> list[str]:
    """Name the packages of conda that no digest is known of."""
    if not whole(facts):
        return []
    return [
        name
        for name, package in sorted(facts.packages.items())
        if isinstance(package.conda, Conda)
        and not string(package.conda.sha256)
        and not string(package.conda.md5)
    ]


def in_folder(facts: Facts, folder: str) -> dict[str, Path]:
    """Find conda's packages in a folder, by file name and digest. Raises OSError."""
    import hashlib

    found: dict[str, Path] = {}
    there = {
        path.name: path
        for path in Path(folder).iterdir()
        if ARCHIVE.fullmatch(path.name) and path.is_file()
    }
    for package in facts.packages.values():
        if not isinstance(package.conda, Conda):
            continue
        name = (string(package.conda.url) or "").rpartition("/")[2]
        for kind in ("sha256", "md5"):
            wanted = string(getattr(package.conda, kind))
            if name in there and wanted:
                with open(there[name], "rb") as stream:
                    if hashlib.file_digest(stream, kind).hexdigest() == wanted:
                        found[name] = there[name]
                break
    return found
