"""Every rule, one line each. The order breaks ties in ranking: likelier culprits come first.

A rule `some-name` is the class `SomeName` in `some_name.py`. Its line names the sections it
looks at: it is loaded only where one of them differs (or, for a check, is there at all). A line
may also name what the rule is about (a distribution, a GPU, a driver): where no side has any of
it, there is nothing to say, and the rule is not loaded either.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import cast

from msgspec import UNSET, Struct

from envsnap.model.manifest import Manifest
from envsnap.rules.rule import Rule, frameworks, gpus, packages


class Entry(Struct, frozen=True):
    """A line of the registry."""

    id: str
    sections: tuple[str, ...]
    about: tuple[str, ...] = ()

    def load(self) -> Rule:
        """Import the rule's module and make the rule."""
        module = import_module(f"envsnap.rules.{self.id.replace('-', '_')}")
        name = "".join(word.capitalize() for word in self.id.split("-"))
        return cast("Rule", getattr(module, name)())


REGISTRY = (
    Entry("framework-import", ("frameworks",)),
    Entry("replaced-files", ("process",)),
    Entry("driver-mismatch", ("driver",), ("driver",)),
    Entry("driver-minimum", ("driver", "frameworks"), ("driver",)),
    Entry("require-cuda", ("env_vars", "driver", "cuda")),
    Entry("triton-server", ("env_vars", "driver"), ("driver",)),
    Entry("forward-compatibility", ("driver",), ("driver",)),
    Entry("fabric-manager", ("driver",), ("driver",)),
    Entry("gpu-architecture", ("frameworks", "gpus"), ("gpus",)),
    Entry("gpu-cuda", ("frameworks", "gpus"), ("gpus",)),
    Entry("rocm-architecture", ("frameworks", "gpus", "env_vars")),
    Entry("kernel-capability", ("packages", "gpus"), ("gpus",)),
    Entry("cudnn-version", ("frameworks", "packages")),
    Entry("torch-family", ("packages",), ("torch",)),
    Entry("jax-family", ("packages",), ("jax",)),
    Entry("tensorflow-cuda", ("packages", "frameworks", "cuda"), ("tensorflow", "tensorflow-gpu")),
    Entry("onnxruntime-cuda", ("packages", "cuda", "gpus"), ("onnxruntime", "onnxruntime-gpu")),
    Entry("tensorrt-engine", ("packages", "gpus", "weights"), ("tensorrt",)),
    Entry(
        "nvjitlink",
        ("packages",),
        ("nvidia-nvjitlink-cu12", "nvidia-nvjitlink-cu11", "nvidia-nvjitlink"),
    ),
    Entry("numpy-abi", ("packages",), ("numpy",)),
    Entry("extension-build", ("packages", "frameworks"), ("torch",)),
    Entry("wheel-platform", ("packages", "python", "system")),
    Entry("weights", ("weights",)),
    Entry("pickled-estimator", ("weights", "packages")),
    Entry("framework-build", ("frameworks",)),
    Entry("cpu-build", ("frameworks", "gpus"), ("gpus",)),
    Entry("no-driver", ("frameworks", "gpus")),
    Entry("framework-version", ("frameworks",)),
    Entry("seeds", ("seeds",)),
    Entry("determinism", ("determinism", "env_vars")),
    Entry("tf32", ("frameworks", "gpus", "determinism"), ("gpus",)),
    Entry("image-codecs", ("codecs",)),
    Entry("behavior-change", ("packages",)),
    Entry("accelerator-libraries", ("frameworks",)),
    Entry(
        "cluster-versions",
        ("packages", "python"),
        ("ray", "distributed", "dask", "pyspark", "horovod", "deepspeed", "mpi4py"),
    ),
    Entry("python-version", ("python",)),
    Entry("gpu-model", ("gpus",), ("gpus",)),
    Entry("hidden-gpus", ("env_vars",)),
    Entry("env-var", ("env_vars",)),
    Entry("processor", ("system", "frameworks")),
    Entry(
        "cpu-requirement",
        ("packages", "system"),
        ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "jaxlib", "polars", "faiss-cpu"),
    ),
    Entry("rocm-version", ("rocm",)),
    Entry("package-version", ("packages",)),
    Entry("package-missing", ("packages",)),
    Entry("package-build", ("packages",)),
    Entry("requirements", ("packages",)),
    Entry("competing-distributions", ("packages",)),
    Entry("altered-files", ("packages",)),
    Entry("package-metadata", ("packages",)),
    Entry(
        "library-path",
        ("env_vars", "packages", "cuda"),
        (
            "nvidia-cublas-cu12",
            "nvidia-cublas-cu11",
            "nvidia-cublas",
            "nvidia-cudnn-cu11",
            "nvidia-cudnn-cu12",
            "nvidia-cudnn-cu13",
            "nvidia-cuda-runtime",
            "nvidia-cuda-runtime-cu12",
        ),
    ),
    Entry("mixed-libraries", ("frameworks", "process")),
    Entry("loaded-libraries", ("frameworks", "process")),
    Entry("driver-version", ("driver", "cuda"), ("driver",)),
    Entry("driver-branch", ("driver",), ("driver",)),
    Entry("architecture", ("system",)),
    Entry("emulated-python", ("python", "system")),
    Entry("config-value", ("configs",)),
    Entry("data-order", ("data",)),
    Entry("tools", ("tools",)),
    Entry("c-library", ("system",)),
    Entry("ascii-locale", ("system", "env_vars")),
    Entry("text-settings", ("system",)),
    Entry("source-code", ("git",)),
    Entry("gpu-settings", ("gpus",), ("gpus",)),
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


DRIVER = ("version", "kernel_module", "libcuda", "libnvidia_ml", "libcuda_path", "nvswitches")


def concerned(sections: Iterable[str], *sides: Manifest) -> tuple[Rule, ...]:
    """Load the rules that look at any of these sections, in order; those without sections too.

    What no side has is left out; without sides, nothing is.
    """
    wanted = set(sections)
    there = set[str]().union(*map(_subjects, sides)) if sides else None
    return tuple(
        entry.load()
        for entry in REGISTRY
        if (not entry.sections or wanted & set(entry.sections))
        and (not entry.about or there is None or not there.isdisjoint(entry.about))
    )


def _subjects(side: Manifest) -> set[str]:
    """What rules can be about: distributions, frameworks, a driver, GPUs."""
    found = {*packages(side), *frameworks(side)}
    if gpus(side):
        found |= {"gpus", "driver"}
    driver = side.sections.driver
    if driver is not UNSET and any(getattr(driver, name) for name in DRIVER):
        found.add("driver")
    return found


def rule(identifier: str) -> Rule | None:
    """Load the rule of an identifier; None for an unknown one."""
    return next((entry.load() for entry in REGISTRY if entry.id == identifier), None)
