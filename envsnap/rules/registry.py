"""Every rule, one line each. The order breaks ties in ranking: likelier culprits come first.

A rule `some-name` of `gpus` is the class `SomeName` in `gpus/some_name.py`. Its line names the
sections it looks at: it is loaded only where one of them differs (or, for a check, is there at all). A line
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

    place: str
    sections: tuple[str, ...]
    about: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The rule's identifier."""
        return self.place.rpartition("/")[2]

    @property
    def subject(self) -> str:
        """The folder it lies in."""
        return self.place.partition("/")[0]

    def load(self) -> Rule:
        """Import the rule's module and make the rule."""
        path = self.place.replace("-", "_").replace("/", ".")
        module = import_module(f"envsnap.rules.{path}")
        name = "".join(word.capitalize() for word in self.id.split("-"))
        return cast("Rule", getattr(module, name)())


REGISTRY = (
    Entry("frameworks/framework-import", ("frameworks",)),
    Entry("packages/replaced-files", ("process",)),
    Entry("drivers/driver-mismatch", ("driver",), ("driver",)),
    Entry("drivers/driver-minimum", ("driver", "frameworks"), ("driver",)),
    Entry("drivers/require-cuda", ("env_vars", "driver", "cuda")),
    Entry("drivers/triton-server", ("env_vars", "driver"), ("driver",)),
    Entry("drivers/forward-compatibility", ("driver",), ("driver",)),
    Entry("drivers/fabric-manager", ("driver",), ("driver",)),
    Entry("gpus/gpu-architecture", ("frameworks", "gpus"), ("gpus",)),
    Entry("gpus/gpu-cuda", ("frameworks", "gpus"), ("gpus",)),
    Entry("gpus/rocm-architecture", ("frameworks", "gpus", "env_vars")),
    Entry("gpus/kernel-capability", ("packages", "gpus"), ("gpus",)),
    Entry("libraries/cudnn-version", ("frameworks", "packages")),
    Entry("frameworks/torch-family", ("packages",), ("torch",)),
    Entry("frameworks/jax-family", ("packages", "driver"), ("jax",)),
    Entry(
        "frameworks/tensorflow-cuda",
        ("packages", "frameworks", "cuda"),
        ("tensorflow", "tensorflow-gpu"),
    ),
    Entry(
        "frameworks/onnxruntime-cuda",
        ("packages", "cuda", "gpus"),
        ("onnxruntime", "onnxruntime-gpu"),
    ),
    Entry("frameworks/tensorrt-engine", ("packages", "gpus", "weights"), ("tensorrt",)),
    Entry(
        "libraries/nvjitlink",
        ("packages",),
        ("nvidia-nvjitlink-cu12", "nvidia-nvjitlink-cu11", "nvidia-nvjitlink"),
    ),
    Entry("packages/built-against", ("packages", "frameworks")),
    Entry("packages/known-conflicts", ("packages",), ("vllm", "onnx")),
    Entry("packages/numpy-abi", ("packages",), ("numpy",)),
    Entry("frameworks/extension-build", ("packages", "frameworks"), ("torch",)),
    Entry("packages/wheel-platform", ("packages", "python", "system")),
    Entry("inputs/weights", ("weights",)),
    Entry("inputs/opened-files", ("files",)),
    Entry("inputs/end-of-run", ("process",)),
    Entry("inputs/pickled-estimator", ("weights", "packages")),
    Entry("frameworks/framework-build", ("frameworks",)),
    Entry("frameworks/cpu-build", ("frameworks", "gpus"), ("gpus",)),
    Entry("drivers/no-driver", ("frameworks", "gpus")),
    Entry("frameworks/framework-version", ("frameworks",)),
    Entry("inputs/seeds", ("seeds",)),
    Entry("inputs/determinism", ("determinism", "env_vars")),
    Entry("gpus/tf32", ("frameworks", "gpus", "determinism"), ("gpus",)),
    Entry("libraries/image-codecs", ("codecs",)),
    Entry("packages/behavior-change", ("packages",)),
    Entry("libraries/accelerator-libraries", ("frameworks",)),
    Entry(
        "packages/cluster-versions",
        ("packages", "python"),
        ("ray", "distributed", "dask", "pyspark", "horovod", "deepspeed", "mpi4py"),
    ),
    Entry("machine/python-version", ("python",)),
    Entry("gpus/gpu-model", ("gpus",), ("gpus",)),
    Entry("gpus/hidden-gpus", ("env_vars",)),
    Entry("machine/env-var", ("env_vars",)),
    Entry("machine/processor", ("system", "frameworks")),
    Entry(
        "machine/cpu-requirement",
        ("packages", "system"),
        ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "jaxlib", "polars", "faiss-cpu"),
    ),
    Entry("gpus/rocm-version", ("rocm",)),
    Entry("packages/package-version", ("packages",)),
    Entry("packages/package-missing", ("packages",)),
    Entry("packages/package-build", ("packages",)),
    Entry("packages/requirements", ("packages",)),
    Entry("packages/competing-distributions", ("packages",)),
    Entry("packages/altered-files", ("packages",)),
    Entry("packages/package-metadata", ("packages",)),
    Entry(
        "libraries/library-path",
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
    Entry("libraries/mixed-libraries", ("frameworks", "process")),
    Entry("libraries/loaded-libraries", ("frameworks", "process")),
    Entry("drivers/driver-version", ("driver", "cuda"), ("driver",)),
    Entry("drivers/driver-branch", ("driver",), ("driver",)),
    Entry("machine/architecture", ("system",)),
    Entry("machine/emulated-python", ("python", "system")),
    Entry("inputs/config-value", ("configs",)),
    Entry("inputs/data-order", ("data",)),
    Entry("machine/tools", ("tools",)),
    Entry("machine/c-library", ("system",)),
    Entry("machine/ascii-locale", ("system", "env_vars")),
    Entry("machine/text-settings", ("system",)),
    Entry("inputs/source-code", ("git",)),
    Entry("gpus/gpu-settings", ("gpus",), ("gpus",)),
    Entry("gpus/peer-to-peer", ("system", "gpus")),
    Entry("drivers/wsl-libcuda", ("driver", "env_vars", "system")),
    Entry("libraries/toolkit-build", ("cuda", "frameworks")),
    Entry("libraries/cuda-toolkit", ("cuda", "tools")),
    Entry("machine/shared-memory", ("system",)),
    Entry("machine/resources", ("system", "frameworks", "determinism")),
    Entry("machine/operating-system", ("system",)),
    # These look at facts that are not compared, or at all of them: they are always loaded.
    Entry("libraries/nccl-plugin", ()),
    Entry("packages/package-source", ()),
    Entry("inputs/manifest-edited", ()),
    Entry("inputs/error-text", ("error text",)),  # no section: it is loaded where a text is passed
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
