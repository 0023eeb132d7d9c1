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
    Entry("require-cuda", ("env_vars", "driver", "cuda")),
    Entry("triton-server", ("env_vars", "driver")),
    Entry("forward-compatibility", ("driver",)),
    Entry("fabric-manager", ("driver",)),
    Entry("gpu-architecture", ("frameworks", "gpus")),
    Entry("gpu-cuda", ("frameworks", "gpus")),
    Entry("rocm-architecture", ("frameworks", "gpus", "env_vars")),
    Entry("kernel-capability", ("packages", "gpus")),
    Entry("cudnn-version", ("frameworks", "packages")),
    Entry("torch-family", ("packages",)),
    Entry("jax-family", ("packages",)),
    Entry("tensorflow-cuda", ("packages", "frameworks", "cuda")),
    Entry("onnxruntime-cuda", ("packages", "cuda", "gpus")),
    Entry("tensorrt-engine", ("packages", "gpus", "weights")),
    Entry("nvjitlink", ("packages",)),
    Entry("numpy-abi", ("packages",)),
    Entry("extension-build", ("packages", "frameworks")),
    Entry("wheel-platform", ("packages", "python", "system")),
    Entry("weights", ("weights",)),
    Entry("pickled-estimator", ("weights", "packages")),
    Entry("framework-build", ("frameworks",)),
    Entry("cpu-build", ("frameworks", "gpus")),
    Entry("no-driver", ("frameworks", "gpus")),
    Entry("framework-version", ("frameworks",)),
    Entry("seeds", ("seeds",)),
    Entry("determinism", ("determinism",)),
    Entry("tf32", ("frameworks", "gpus", "determinism")),
    Entry("image-codecs", ("codecs",)),
    Entry("behavior-change", ("packages",)),
    Entry("accelerator-libraries", ("frameworks",)),
    Entry("cluster-versions", ("packages", "python")),
    Entry("python-version", ("python",)),
    Entry("gpu-model", ("gpus",)),
    Entry("hidden-gpus", ("env_vars",)),
    Entry("env-var", ("env_vars",)),
    Entry("processor", ("system", "frameworks")),
    Entry("cpu-requirement", ("packages", "system")),
    Entry("rocm-version", ("rocm",)),
    Entry("package-version", ("packages",)),
    Entry("package-missing", ("packages",)),
    Entry("package-build", ("packages",)),
    Entry("requirements", ("packages",)),
    Entry("competing-distributions", ("packages",)),
    Entry("altered-files", ("packages",)),
    Entry("package-metadata", ("packages",)),
    Entry("library-path", ("env_vars", "packages", "cuda")),
    Entry("mixed-libraries", ("frameworks", "process")),
    Entry("loaded-libraries", ("frameworks", "process")),
    Entry("driver-version", ("driver", "cuda")),
    Entry("driver-branch", ("driver",)),
    Entry("architecture", ("system",)),
    Entry("emulated-python", ("python", "system")),
    Entry("config-value", ("configs",)),
    Entry("data-order", ("data",)),
    Entry("tools", ("tools",)),
    Entry("c-library", ("system",)),
    Entry("ascii-locale", ("system", "env_vars")),
    Entry("text-settings", ("system",)),
    Entry("source-code", ("git",)),
    Entry("gpu-settings", ("gpus",)),
    Entry("peer-to-peer", ("system", "gpus")),
    Entry("wsl-libcuda", ("driver", "env_vars", "system")),
    Entry("toolkit-build", ("cuda", "frameworks")),
    Entry("cuda-toolkit", ("cuda", "tools")),
    Entry("shared-memory", ("system",)),
    Entry("resources", ("system", "frameworks", "determinism")),
    Entry("operating-system", ("system",)),
    # These look at facts that are not compared, or at all of them: they are always loaded.
    Entry("nccl-plugin", ()),
    Entry("package-source", ()),
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
