"""The application inside an image or a container, file by file, as the plan put it there.

No package manager answers for these files, and a program inside could lie: the engine hands them
out.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from envsnap.changes.change import ChangeKind
from envsnap.errors import TargetError
from envsnap.image.proving import held
from envsnap.image.proving.fact import Fact
from envsnap.image.records import Plan
from envsnap.image.writing.dockerfile import APP
from envsnap.model.paths import text
from envsnap.targets import engine

if TYPE_CHECKING:
    from docker import DockerClient

NOT_KNOWN = "the application: this plan does not state its files, which were not compared"
OTHER = "not the file of the application that the plan was made with"
STRANGE = "code in the application's folder that the plan did not put there"
FURTHER = "a file in the application's folder that the plan did not put there"
NO_PROGRAM = "a program of the application that nobody may execute"
Files: TypeAlias = Mapping[str, tuple[str, bool]]  # SHA-256, and whether it may be executed
# Byte code without a source is imported, too; what lies in __pycache__ is not without one.
# So is what says which releases are there: the first such folder on the path counts.
CODE = re.compile(
    r".*\.(?:py|so|pyd|pth)|(?!(?:.*/)?__pycache__/).*\.pyc|(?:.*/)?[^/]{1,200}\.(?:dist|egg)-info/.*",
    re.DOTALL,
)
CACHED = re.compile(r"(?:.*/)?__pycache__/[^/]{1,200}\.pyc", re.DOTALL)
PART = "app"
LARGEST = 4 << 30
PIECE = 1 << 20


def compare(
    client: DockerClient, image: Any, container: Any, plan: Plan
) -> tuple[list[Fact], list[str]]:
    """Return the application's files that are others, and what could not be compared."""
    if plan.app is None:
        return [], []
    if not plan.app_files:
        return [], [NOT_KNOWN]
    there = _of_image(client, image) if container is None else inside(container, APP)
    carried = {item.path for item in plan.files} | {item.path for item in plan.weights}
    digests = {name: digest for name, (digest, _) in there.items()}
    found = [*_differences(plan.app_files, digests, carried, whole=container is None)]
    found += [
        fact(PART, name, ChangeKind.CHANGED, "may be executed", "may not", NO_PROGRAM)
        for name in plan.app_programs
        if name in there and not there[name][1]
    ]
    return found, []


def _differences(
    wanted: Mapping[str, str], inside: Mapping[str, str], carried: set[str], *, whole: bool
) -> Iterator[Fact]:
    """What differs; of an image as a `whole` each file counts, of a container only what is code."""
    yield from others(PART, wanted, inside, OTHER)
    for name, digest in inside.items():
        if name in wanted or f"{APP}/{name}" in carried:
            continue
        if CODE.fullmatch(name):
            yield fact(PART, name, ChangeKind.ADDED, None, digest, STRANGE)
        elif whole and not CACHED.fullmatch(name):
            yield fact(PART, name, ChangeKind.ADDED, None, digest, FURTHER)


def others(
    part: str, wanted: Mapping[str, str], inside: Mapping[str, str], why: str
) -> Iterator[Fact]:
    """The files of a part of an image that are gone, or hold something else; SHA-256 by name."""
    for name, digest in wanted.items():
        found = inside.get(name)
        if found != digest:
            kind = ChangeKind.REMOVED if found is None else ChangeKind.CHANGED
            yield fact(part, name, kind, digest, found, why)


def fact(
    part: str, name: str, kind: ChangeKind, wanted: str | None, found: str | None, why: str
) -> Fact:
    """What is said of one file of a part of an image."""
    return Fact(
        path=text(("image", part, name)), kind=kind, captured=wanted, inside=found, reason=why
    )


def _of_image(client: DockerClient, image: Any) -> Files:
    import docker

    try:
        with held.asleep(client, image) as container:
            return inside(container, APP)
    except docker.errors.DockerException as error:
        raise TargetError(f"{image.id}: {engine.reason(error)}") from None


def inside(container: Any, folder: str) -> Files:
    """Every file of a folder of a container, by its path below it; none where there is no such."""
    import docker

    try:
        pieces, _ = container.get_archive(folder, chunk_size=PIECE)
    except docker.errors.NotFound:
        return {}
    except docker.errors.DockerException as error:
        raise TargetError(f"{container.name}: {engine.reason(error)}") from None
    with tempfile.TemporaryFile() as saved:
        for piece in pieces:
            saved.write(piece)
            if saved.tell() > LARGEST:
                raise TargetError(f"{container.name}: {folder} holds more than {LARGEST >> 30} GiB")
        saved.seek(0)
        try:
            with tarfile.open(fileobj=saved) as tar:
                return dict(_digests(tar))
        except tarfile.TarError as error:
            raise TargetError(f"{container.name}: {folder} cannot be read: {error}") from None


def _digests(tar: tarfile.TarFile) -> Iterator[tuple[str, tuple[str, bool]]]:
    for member in tar:
        stream = tar.extractfile(member) if member.isreg() else None
        if stream is not None:
            name = member.name.partition("/")[2]
            digest = hashlib.sha256()
            while piece := stream.read(PIECE):
                digest.update(piece)
            yield name, (digest.hexdigest(), bool(member.mode & 0o111))
