"""Every rule, one line each. The order breaks ties in ranking: likelier culprits come first.

A rule `some-name` is the class `SomeName` in `some_name.py`. Its line names the sections it
looks at: it is loaded only where one of them differs (or, for a check, is there at all).
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import cast

from msgspec import Struct

from envsnap.rules.rule import Rule


class Entry(Struct, frozen=True):
    """A line of the registry."""

    id: str
    sections: tuple[str, ...]

    def load(self) -> Rule:
        """Import the rule's module and make the rule."""
        module = import_module(f"envsnap.rules.{self.id.replace('-', '_')}")
        name = "".join(word.capitalize() for word in self.id.split("-"))
        return cast("Rule", getattr(module, name)())


REGISTRY = (
    Entry("framework-import", ("frameworks",)),
    Entry("replaced-files", ("process",)),
    Entry("driver-mismatch", ("driver",)),
    Entry("driver-minimum", ("driver", "frameworks")),
    Entry("gpu-architecture", ("frameworks", "gpus")),
    Entry("gpu-cuda", ("frameworks", "gpus")),
    Entry("torch-family", ("packages",)),
    Entry("weights", ("weights",)),
    Entry("framework-build", ("frameworks",)),
    Entry("framework-version", ("frameworks",)),
    Entry("seeds", ("seeds",)),
    Entry("determinism", ("determinism",)),
    Entry("accelerator-libraries", ("frameworks",)),
    Entry("python-version", ("python",)),
    Entry("gpu-model", ("gpus",)),
    Entry("hidden-gpus", ("env_vars",)),
    Entry("env-var", ("env_vars",)),
    Entry("processor", ("system", "frameworks")),
    Entry("package-version", ("packages",)),
    Entry("package-missing", ("packages",)),
    Entry("package-build", ("packages",)),
    Entry("competing-distributions", ("packages",)),
    Entry("package-metadata", ("packages",)),
    Entry("loaded-libraries", ("frameworks", "process")),
    Entry("driver-version", ("driver", "cuda")),
    Entry("architecture", ("system",)),
    Entry("config-value", ("configs",)),
    Entry("tools", ("tools",)),
    Entry("c-library", ("system",)),
    Entry("text-settings", ("system",)),
    Entry("source-code", ("git",)),
    Entry("gpu-settings", ("gpus",)),
    Entry("cuda-toolkit", ("cuda", "tools")),
    Entry("resources", ("system", "frameworks", "determinism")),
    Entry("operating-system", ("system",)),
    Entry("manifest-edited", ()),
    Entry("error-text", ("error text",)),  # no section: it is loaded where a text is passed
)


def concerned(sections: Iterable[str]) -> tuple[Rule, ...]:
    """Load the rules that look at any of these sections, in order; those without sections too."""
    wanted = set(sections)
    return tuple(
        entry.load() for entry in REGISTRY if not entry.sections or wanted & set(entry.sections)
    )


def rule(identifier: str) -> Rule | None:
    """Load the rule of an identifier; None for an unknown one."""
    return next((entry.load() for entry in REGISTRY if entry.id == identifier), None)
