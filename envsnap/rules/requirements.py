"""What an installed distribution requires is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from envsnap.model.manifest import Manifest
from envsnap.model.python import Package
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule, packages

LONGEST_LINE = 500
FAMILY = ("torch", "tensorflow", "jax", "numpy", "transformers", "tokenizers", "triton", "protobuf")


class Requirements(Rule):
    """An installed distribution's requirements are not met.

    Each distribution states what it needs, with versions and with markers for the Python and the
    platform; they are evaluated for the environment that was captured, not for the one that
    envsnap runs in. pip lets such states come about: a later install changes what an earlier one
    needed. Extras are left out, since nobody records which were asked for.

    Fix: install a version inside the range; `pip check` says the same on the host.
    """

    id = "requirements"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a requirement that is not met."""
        installed = packages(manifest)
        if not any(isinstance(package.requires, tuple) for package in installed.values()):
            return
        environment = marker_environment(manifest)
        complete = manifest.sections.packages is not UNSET and manifest.sections.packages.complete
        for name, package in installed.items():
            if isinstance(package.requires, tuple):
                for line in package.requires:
                    yield from self._judge(name, line, installed, environment, complete)

    def _judge(
        self,
        name: str,
        line: str,
        installed: dict[str, Package],
        environment: dict[str, str],
        complete: bool,
    ) -> Iterator[Finding]:
        wanted = _applies(line, environment)
        if wanted is None:
            return
        found = installed.get(wanted.name)
        if found is None and not complete:
            return
        have = found.version if found is not None else None
        if found is not None and (not isinstance(have, str) or _meets(wanted.specifier, have)):
            return
        weighty = wanted.name in FAMILY or found is not None
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING if weighty else Severity.INFO,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if wanted.name in FAMILY else Confidence.POSSIBLE,
            path=("packages", wanted.name if found is not None else name),
            message=(
                f"{name} requires {wanted.name}{wanted.specifier}, and {have} is installed"
                if found is not None
                else f"{name} requires {wanted.name}{wanted.specifier}, which is not installed"
            ),
            why="It was not built or tested with what is there.",
            fix=f"pip install '{wanted.name}{wanted.specifier}'",
            reference="the distribution's own metadata (Requires-Dist)",
            left=str(wanted.specifier),
            right=have,
            cites=(("packages", name),),
        )


class Wanted:
    """A requirement of a distribution: a canonical name and versions."""

    def __init__(self, name: str, specifier: Any) -> None:
        self.name, self.specifier = name, specifier


def _applies(line: str, environment: dict[str, str]) -> Wanted | None:
    """Read a line of Requires-Dist; None where its marker leaves it out, or it cannot be read."""
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    if len(line) > LONGEST_LINE:
        return None
    try:
        found = Requirement(line)
        if found.marker is not None and not found.marker.evaluate({**environment, "extra": ""}):
            return None
    except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName):
        return None
    return Wanted(canonicalize_name(found.name), found.specifier)


def _meets(specifier: Any, have: str) -> bool:
    from packaging.version import InvalidVersion

    try:
        return bool(specifier.contains(have, prereleases=True))
    except InvalidVersion:
        return True


def marker_environment(manifest: Manifest) -> dict[str, str]:
    """The variables of environment markers (PEP 508) for the environment that was captured."""
    from packaging.markers import default_environment

    found = {str(key): str(value) for key, value in default_environment().items()}
    python, system = manifest.sections.python, manifest.sections.system
    if python is not UNSET and isinstance(python.version, str):
        found["python_full_version"] = python.version
        found["python_version"] = ".".join(python.version.split(".")[:2])
        found["implementation_version"] = python.version
    if python is not UNSET and isinstance(python.implementation, str):
        found["platform_python_implementation"] = python.implementation
        found["implementation_name"] = python.implementation.lower()
    if system is not UNSET and isinstance(system.platform, str):
        found["sys_platform"] = system.platform
        names = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
        found["platform_system"] = names.get(system.platform, system.platform)
        found["os_name"] = "nt" if system.platform == "win32" else "posix"
    if system is not UNSET and isinstance(system.architecture, str):
        found["platform_machine"] = system.architecture
    if system is not UNSET and isinstance(system.kernel, str):
        found["platform_release"] = system.kernel
    return found
