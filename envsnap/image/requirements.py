"""Sorts the installed distributions: pinned, by index; by address; or not to be carried."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from envsnap.image import validate
from envsnap.image.facts import Facts, counted, string
from envsnap.image.records import Decision, Left, Requirements
from envsnap.knowledge.tables import table
from envsnap.model.paths import text as path_text
from envsnap.model.python import Conda, Origin, Package

INSTALLER = "pip"
# Neither name may ever be installed from an index: one is ours and not there, one is another's.
OURS = ("envsnap", "envsnap-ml")
PYTORCH = (
    "fbgemm-gpu", "functorch", "pytorch-triton", "pytorch-triton-rocm", "pytorch-triton-xpu",
    "torch", "torch-tensorrt", "torchao", "torchaudio", "torchdata", "torchrec", "torchtext",
    "torchvision", "xformers",
)  # fmt: skip
PYTORCH_LABEL = re.compile(r"cpu|xpu|cu[0-9]{2,3}|rocm[0-9]{1,2}(?:\.[0-9]{1,2}){1,2}")
PYTORCH_INDEX = "https://download.pytorch.org/whl/"
HARMLESS_DEFECTS = frozenset(("the metadata is not UTF-8",))
SYSTEM_PACKAGES = re.compile(r"/usr/lib/python3[0-9.]*/dist-packages/?")

Place = Literal["index", "address", "git"]


class Sorted(Struct, frozen=True, kw_only=True):
    """What becomes of the installed distributions."""

    groups: tuple[Requirements, ...]
    not_carried: tuple[Left, ...]
    decisions: tuple[Decision, ...]
    installer: str | None


class Pinned(Struct, frozen=True, kw_only=True):
    """One requirement and where it comes from."""

    line: str
    place: Place
    index: str | None = None


def sort(facts: Facts) -> Sorted:
    """Sort the installed distributions into pip's runs, and say what stays behind and why."""
    pinned: list[Pinned] = []
    left: list[Left] = []
    installer = None
    for name, package in sorted(facts.packages.items()):
        place = path_text(("packages", name))
        found = _one(name, package, place)
        if isinstance(found, Left):
            left.append(found)
        elif name == INSTALLER and found.place == "index" and found.index is None:
            installer = found.line.partition("==")[2]
        else:
            pinned.append(found)
    groups = tuple(_groups(pinned))
    return Sorted(
        groups=groups,
        not_carried=tuple(left),
        decisions=(
            _installer_decision(installer),
            *(_group_decision(group) for group in groups),
            *_left_decision(left),
        ),
        installer=installer,
    )


def _one(name: str, package: Package, place: str) -> Pinned | Left:
    """Pin one distribution, or say why it stays behind."""
    refusal = _stays(name, package)
    if refusal:
        return Left(path=place, reason=refusal)
    version_text = string(package.version)
    if not version_text:
        return Left(path=place, reason="its metadata states no version")
    version = validate.pinned_version(version_text, f"{place}.version")
    if version is None:
        return Left(path=place, reason="its version is not one that pip can pin (PEP 440)")
    if isinstance(package.origin, Origin):
        return _from_origin(name, package.origin, place)
    public, _, label = version.partition("+")
    if not label:
        return Pinned(line=f"{name}=={version}", place="index")
    if name in PYTORCH and PYTORCH_LABEL.fullmatch(label):
        folder = f"nightly/{label}" if ".dev" in public else label
        index = validate.matched(
            PYTORCH_INDEX + folder, validate.PYTORCH_INDEX, f"{place}.version", "index of PyTorch"
        )
        return Pinned(line=f"{name}=={version}", place="index", index=index)
    reason = f"no known index has builds labelled +{label}; add its wheel by hand"
    return Left(path=place, reason=reason)


def _stays(name: str, package: Package) -> str | None:
    """Return why a distribution cannot be carried whatever its version, or None if it can."""
    defects = package.defects if isinstance(package.defects, tuple) else ()
    folder = string(package.folder) or ""
    if name in OURS:
        return "envsnap itself is not on an index; install it from its source"
    if name == "pkg-resources":
        return "a mark that Debian's venv leaves; no index has it"
    if package.editable is True:
        return "an editable install: its files are not in the manifest; build a wheel of it"
    if isinstance(package.conda, Conda) or package.format == "conda":
        return "installed by conda; conda packages cannot be carried yet"
    if set(defects) - HARMLESS_DEFECTS:
        return "its metadata is damaged; install it again on the captured machine"
    if SYSTEM_PACKAGES.fullmatch(folder):
        return "installed by the system's package manager, not by pip"
    return None


def _from_origin(name: str, origin: Origin, place: str) -> Pinned | Left:
    """Pin a distribution that was installed from an address (PEP 610)."""
    url = string(origin.url) or ""
    scheme = url.partition(":")[0]
    clean = validate.SCHEME.fullmatch(scheme) and url[len(scheme) :].startswith("://")
    rest = url[len(scheme) + 3 :] if clean else ""
    if scheme == "file" and clean:
        return Left(path=place, reason="installed from a local file or folder; build a wheel of it")
    if not clean or rest.startswith("-") or not validate.ADDRESS.fullmatch(rest):
        validate.refuse(
            f"{place}.origin.url", f"{validate.shown(url)} is no address that a Dockerfile may hold"
        )
    if scheme != "https":
        return Left(path=place, reason=f"installed over {scheme}; only https can be carried")
    validate.https_address(url, f"{place}.origin.url")
    vcs, commit, sha256 = string(origin.vcs), string(origin.commit), string(origin.sha256)
    if vcs == "git" and commit:
        validate.matched(commit, validate.COMMIT, f"{place}.origin.commit", "full commit")
        return Pinned(line=f"{name} @ git+{url}@{commit}", place="git")
    if vcs is None and sha256:
        validate.matched(sha256, validate.SHA256, f"{place}.origin.sha256", "SHA-256")
        return Pinned(line=f"{name} @ {url}#sha256={sha256}", place="address")
    missing = "a git commit" if vcs else "a digest"
    return Left(path=place, reason=f"installed from an address without {missing}")


def _groups(pinned: list[Pinned]) -> list[Requirements]:
    """Group requirements by pip run: PyTorch's indexes first, for their layers are the largest."""
    groups = []
    for index in sorted({item.index for item in pinned if item.index}):
        label = index.removeprefix(PYTORCH_INDEX).replace("/", "-")
        groups.append(_group(f"requirements-{label}.txt", pinned, "index", index))
    groups.append(_group("requirements.txt", pinned, "index", None))
    groups.append(_group("requirements-url.txt", pinned, "address", None))
    groups.append(_group("requirements-git.txt", pinned, "git", None))
    return [group for group in groups if group.lines]


def _group(file: str, pinned: list[Pinned], place: Place, index: str | None) -> Requirements:
    lines = sorted(item.line for item in pinned if (item.place, item.index) == (place, index))
    return Requirements(file=file, index=index, lines=tuple(lines), needs_git=place == "git")


def _installer_decision(installer: str | None) -> Decision:
    if installer is None:
        return Decision(
            subject="packages.pip",
            choice="the pip that the base's Python brings",
            why="the captured environment has no pip of its own to install with",
            certainty="unknown",
        )
    return Decision(
        subject="packages.pip",
        choice=f"pip {installer}",
        why="the captured installer; it is installed first and stands in no requirements file",
        certainty="exact",
    )


def _group_decision(group: Requirements) -> Decision:
    count = counted(len(group.lines), "distribution")
    if group.needs_git:
        why = "cloned with git at their commits and built; what building needs is not pinned"
        return Decision(subject="packages", choice=group.file, why=why, certainty="nearest")
    if group.file == "requirements-url.txt":
        why = f"{count} from the addresses they came from, with their digests"
        return Decision(subject="packages", choice=group.file, why=why, certainty="exact")
    if group.index is None:
        why = f"{count} by exact version, without hashes"
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
    public, _, label = line.removeprefix("torch==").partition("+")
    return any(
        (row["torch"], row["label"], row.get("index")) == (public, label, "folder")
        for row in table("torch_wheels")["rows"]
    )


def _left_decision(left: list[Left]) -> tuple[Decision, ...]:
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
