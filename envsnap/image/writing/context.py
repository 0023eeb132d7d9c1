"""The build context: its files, and the safe way to put them into a folder."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from envsnap.errors import InputError
from envsnap.image import records
from envsnap.image.planning import apt, conda
from envsnap.image.records import Plan
from envsnap.image.writing import dockerfile, render
from envsnap.image.writing.dockerfile import MANIFEST, PLAN
from envsnap.image.writing.forms import registry

DOCKERFILE = "Dockerfile"
IGNORE = ".dockerignore"
PROOF = "proof.json"
OURS = re.compile(
    r"Dockerfile|dockerfile\.json|manifest\.json|proof\.json|\.dockerignore"
    r"|requirements(-[a-z0-9.-]+)?\.txt|extra-ca\.crt|app\.tar|config-[0-9a-f]{64}|[A-Za-z0-9][A-Za-z0-9._+-]{4,240}\.whl"
    r"|weights-[0-9a-f]{64}|apt\.list|conda\.txt|conda_install\.py|[A-Za-z0-9_]([A-Za-z0-9_.+=!-]|%21){3,240}\.(conda|tar\.bz2)"
)
FORM_FILES = frozenset(file for file, _ in registry.FORMS.values())
STALE = re.compile(r"\.envsnap-[A-Za-z0-9_]{8}")  # what a killed run leaves
LIST_HEADER = "# Written by envsnap; an explicit list of conda packages.\n@EXPLICIT\n"
HEADER = "# Written by envsnap; install with pip install --no-deps.\n"
MODE = 0o644


def files(
    plan: Plan,
    manifest_json: bytes,
    wheels: Mapping[str, Path] | None = None,
    added: Mapping[str, bytes | Path] | None = None,
) -> dict[str, bytes | Path]:
    """Return the files of the build context by name; equal input gives equal bytes.

    A path stands for a file that is too large to hold: `wheels` has those that the plan names.
    `added` are the files that extras bring.
    """
    found: dict[str, bytes | Path] = {
        DOCKERFILE: render.dockerfile(dockerfile.build(plan)).encode("utf-8"),
        **(added or {}),
    }
    sources = apt.sources(plan)
    if sources is not None:
        found[apt.SOURCES] = sources
    found.update(_conda(plan, wheels or {}))
    for group in plan.requirements:
        found[group.file] = (HEADER + "\n".join(group.lines) + "\n").encode("ascii")
        for name in group.wheels:
            found[name] = _named(name, wheels or {})
    found[MANIFEST] = manifest_json
    names = [*(name for name in found if name != DOCKERFILE), PLAN]
    found[IGNORE] = ("*\n" + "".join(f"!{name}\n" for name in names)).encode("ascii")
    found[PLAN] = records.encode(plan)
    return found


def _conda(plan: Plan, packages: Mapping[str, Path]) -> dict[str, bytes | Path]:
    """Return the files of the stage that installs conda's packages."""
    if plan.conda is None:
        return {}
    program = resources.files("envsnap.image.writing.inside").joinpath(conda.PROGRAM)
    return {
        conda.REQUIREMENTS: (HEADER + plan.conda.installer + "\n").encode("ascii"),
        conda.LIST: (LIST_HEADER + "\n".join(plan.conda.lines) + "\n").encode("ascii"),
        conda.PROGRAM: program.read_bytes(),
        **{name: _named(name, packages) for name in plan.conda.files},
    }


def _named(name: str, there: Mapping[str, Path]) -> Path:
    if name not in there:
        raise InputError(f"{name}: the plan needs this file; name its folder again")
    return there[name]


def write(files: Mapping[str, bytes | Path], folder: Path) -> None:
    """Write a build context into a folder that is new, empty, or holds an older one.

    All files are written beside their places first and then moved there, so that a full disk
    leaves the old context whole. Files of an older context that this one lacks are removed.
    """
    _prepare(folder)
    old = _look(folder)
    staged: dict[str, str] = {}
    try:
        for name, data in files.items():
            if not _may_be(name):
                raise InputError(f"{name}: no file of a build context has this name")
            staged[name] = _stage(folder, data)
        for name, temporary in staged.items():
            os.replace(temporary, folder / name)
        for name in old - set(files):
            os.unlink(folder / name)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    finally:
        for temporary in staged.values():
            if os.path.lexists(temporary):
                os.unlink(temporary)


def _may_be(name: str) -> bool:
    """Whether a file of a build context can have this name."""
    return OURS.fullmatch(name) is not None or name in FORM_FILES


def _prepare(folder: Path) -> None:
    """Make the folder, or make sure that it is one and no link."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mode = os.lstat(folder).st_mode
    except FileExistsError:
        raise InputError(f"{folder}: not a folder; name another one with -o") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from None
    if stat.S_ISLNK(mode):
        raise InputError(f"{folder}: a symbolic link; name the folder itself")


def _look(folder: Path) -> set[str]:
    """Return the names of an older context's files; refuse a folder that holds anything else."""
    found, stale = set(), []
    with os.scandir(folder) as items:
        for item in items:
            if item.is_symlink():
                raise InputError(
                    f"{folder / item.name}: a symbolic link; it is not written through"
                )
            if STALE.fullmatch(item.name) and item.is_file(follow_symlinks=False):
                stale.append(item.path)
                continue
            if not _may_be(item.name) or not item.is_file(follow_symlinks=False):
                raise InputError(
                    f"{folder}: holds {item.name!a}, which is not of a build context;"
                    " name an empty folder"
                )
            found.add(item.name)
    if found and not _is_ours(folder / DOCKERFILE):
        raise InputError(f"{folder}: holds files that envsnap did not write; name an empty folder")
    for path in stale:
        os.unlink(path)
    return found


def _is_ours(path: Path) -> bool:
    """Tell whether a Dockerfile begins with our first line."""
    first = render.dockerfile([dockerfile.FIRST_LINE]).encode("ascii")
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    with open(descriptor, "rb") as stream:
        return stream.read(len(first)) == first


def _stage(folder: Path, data: bytes | Path) -> str:
    """Write one file under a name that nobody can guess, and return its path."""
    descriptor, path = tempfile.mkstemp(prefix=".envsnap-", dir=folder)
    try:
        with open(descriptor, "wb") as stream:
            if isinstance(data, Path):
                with open(data, "rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)
            else:
                stream.write(data)
        os.chmod(path, MODE)
    except OSError:
        os.unlink(path)
        raise
    return path
