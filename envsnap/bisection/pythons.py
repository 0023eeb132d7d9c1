"""Finds the Python that environments are made with: held equal on both sides, and said."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from msgspec import UNSET, Struct

from envsnap.bisection.sides import known
from envsnap.errors import BuildError, InputError
from envsnap.model.manifest import Manifest

ASK = "import sys;print(sys.implementation.cache_tag,'.'.join(map(str,sys.version_info[:3])))"
TIMEOUT = 60.0


class Python(Struct, frozen=True, kw_only=True):
    """An interpreter of this machine: its path, its version, and the tag of its byte code."""

    path: str
    version: str
    tag: str


def find(manifest: Manifest, named: str | None, uv: str) -> Python:
    """The named one, else one of the manifest's version, else of its minor version.

    Raises InputError for one that cannot be run and BuildError where there is none.
    """
    if named is not None:
        found = _asked(named)
        if found is None:
            raise InputError(f"--python {named}: is not a Python that runs here")
        return found
    python = manifest.sections.python
    version = None if python is UNSET else known(python.version)
    if version is None:
        raise InputError("the good side does not state its Python; name one with --python")
    minor = ".".join(version.split(".")[:2])
    nearest: Python | None = None
    for path in _candidates(manifest, version, minor, uv):
        found = _asked(path)
        if found is None:
            continue
        if found.version == version:
            return found
        if nearest is None and found.version.startswith(f"{minor}."):
            nearest = found
    if nearest is None:
        raise BuildError(f"there is no Python {minor} here; name one with --python")
    return nearest


def _candidates(manifest: Manifest, version: str, minor: str, uv: str) -> Iterator[str]:
    python = manifest.sections.python
    prefix = None if python is UNSET else known(python.base_prefix)
    if prefix:
        yield os.path.join(prefix, "bin", f"python{minor}")
        yield os.path.join(prefix, "bin", "python3")
    for wanted in (version, minor):
        done = subprocess.run(
            [uv, "--no-config", "python", "find", "--no-project", "--no-python-downloads", wanted],
            capture_output=True, text=True, check=False, timeout=TIMEOUT, cwd="/",
        )  # fmt: skip
        if done.returncode == 0:
            yield done.stdout.strip()


def _asked(path: str) -> Python | None:
    """What an interpreter says of itself; None where it is none."""
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", ASK],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    if done.returncode or len(words) != 2:
        return None
    return Python(path=path, version=words[1], tag=words[0])
