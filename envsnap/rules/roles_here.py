"""What a distribution is for, in the environment at hand: the table, then its files and requirements.

Where the table does not name it, its files tell: what links torch, CUDA, BLAS or a decoder computes.
Then requirements do: what is built on a distribution that computes computes as well; what only parts of the program require is a part of it; what only tools require is
a tool. Of a manifest that states no requirements nothing more is known than the table says.
"""

from __future__ import annotations

from functools import cached_property

from envsnap.knowledge import requirements
from envsnap.knowledge.roles import FARTHEST, reach, role
from envsnap.model.manifest import Manifest
from envsnap.model.reading import given, packages

# Their names say what they are: plugins of tools.
OF_TOOLS = (
    "pytest-",
    "sphinx",
    "flake8-",
    "mkdocs",
    "types-",
    "jupyter",
    "nbconvert",
    "ipython",
    "mypy",
    "pylint",
)
NEAR = FARTHEST - 1  # what the arrays are made of; what only helps is none


class RolesHere:
    """The roles of one manifest's distributions."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def of(self, name: str) -> str:
        """Return numerics, runtime, tooling or unknown, as the table, files or requirements say."""
        known = role(name)
        if known != "unknown":
            return known
        if name.startswith(OF_TOOLS):
            return "tooling"
        package = packages(self._manifest).get(name)
        if package is not None and given(package.links):
            return "numerics"
        if any(reach(item) < NEAR for item in self._requires.get(name, ())):
            return "numerics"
        users = {role(item) for item in self._required_by.get(name, ())} - {"unknown"}
        if users & {"numerics", "runtime"}:
            return "runtime"
        return "tooling" if users == {"tooling"} else "unknown"

    @cached_property
    def _requires(self) -> dict[str, list[str]]:
        return {
            name: requirements.named(given(package.requires) or ())
            for name, package in packages(self._manifest).items()
        }

    @cached_property
    def _required_by(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, wanted in self._requires.items():
            for item in wanted:
                found.setdefault(item, []).append(name)
        return found
