"""Asks the package index, through pip: which releases there are, and what a release requires.

pip is given as it is configured, so that a mirror or a folder of wheels works as well. Metadata
alone is read; no wheel is installed, and where the index publishes metadata none is downloaded.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

AVAILABLE = re.compile(r"^Available versions: (.+)$", re.MULTILINE)
SECONDS = 120.0
QUIET = ("--disable-pip-version-check", "--no-input")


class Metadata(Struct, frozen=True, kw_only=True):
    """What a release requires, by canonical name (`extra` in brackets behind it), and of Python."""

    version: str
    requires: dict[str, str]
    python: str


class Index:
    """The index, for one Python release (`3.11`) on Linux."""

    def __init__(self, python: str = "3.11") -> None:
        self.python = python

    def versions(self, name: str) -> list[Version]:
        """The final releases of a distribution, oldest first; none where the index has none."""
        said = _pip("index", "versions", name, *self._target())
        listed = AVAILABLE.search(said or "")
        found = (_version(item.strip()) for item in listed[1].split(",")) if listed else ()
        return sorted(item for item in found if item is not None and not item.is_prerelease)

    def metadata(self, name: str, version: str) -> Metadata | None:
        """A release's metadata; None where pip cannot say it."""
        with tempfile.TemporaryDirectory() as nowhere:
            said = _pip(
                "install", "--dry-run", "--no-deps", "--ignore-installed", "--quiet", "--report", "-",
                "--target", nowhere, *self._target(), f"{name}=={version}",
            )  # fmt: skip
        start = (said or "").find("{")
        if said is None or start < 0:
            return None
        (found,) = json.loads(said[start:])["install"]
        told = found["metadata"]
        return Metadata(
            version=told["version"],
            requires=requirements(told.get("requires_dist") or []),
            python=told.get("requires_python") or "",
        )

    def _target(self) -> tuple[str, ...]:
        return ("--only-binary", ":all:", "--python-version", self.python)


def requirements(stated: list[str]) -> dict[str, str]:
    """Ranges by distribution; what an extra asks for counts where the extra has its name.

    A range is sorted, so that the same one is always spelled alike.
    """
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for text in stated:
        try:
            asked = Requirement(text)
        except InvalidRequirement:
            continue
        name = canonicalize_name(asked.name)
        environment = {
            "extra": name,
            "platform_system": "Linux",
            "sys_platform": "linux",
            "platform_machine": "x86_64",
        }
        if asked.marker is None or asked.marker.evaluate(environment):
            found.setdefault(name, ",".join(sorted(map(str, asked.specifier))))
    return found


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _pip(*arguments: str) -> str | None:
    """What pip writes; None where it fails or does not come back."""
    command = [sys.executable, "-m", "pip", *arguments, *QUIET]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
