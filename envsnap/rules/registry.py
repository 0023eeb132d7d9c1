"""Every rule, one line each. The order breaks ties in ranking: likelier culprits come first.

A rule `some-name` of `gpus` is the class `SomeName` in `gpus/some_name.py`. Its line names the
sections it looks at: a rule that compares is loaded where one of them differs, one that
`inspects` wherever the judged manifest has one. A line may also name what the rule is about (a
distribution, a GPU, a driver): where no side has any of it, there is nothing to say, and the
rule is not loaded either.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import cast

from msgspec import Struct

from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries, frameworks, gpus, packages, stated
from envsnap.rules.rule import Rule


class Entry(Struct, frozen=True):
    """A line of the registry."""

    place: str
    sections: tuple[str, ...]
    about: tuple[str, ...] = ()
    inspects: bool = False

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
    Entry("frameworks/framework-import", ("frameworks",), inspects=True),
    Entry("packages/replaced-files", ("process",), inspects=True),
    Entry("drivers/driver-mismatch", ("driver",), ("driver",), inspects=True),
    Entry("drivers/driver-library", ("driver",), inspects=True),
    Entry(
        "drivers/driver-minimum",
        ("driver", "frameworks", "packages", "cuda"),
        ("driver",),
        inspects=True,
    ),
    Entry(
        "drivers/require-cuda",
        ("env_vars", "driver", "cuda"),
        ("NVIDIA_REQUIRE_CUDA",),
        inspects=True,
    ),
    Entry("drivers/triton-server", ("env_vars", "driver"), ("driver",), inspects=True),
    Entry("drivers/forward-compatibility", ("driver",), ("driver",), inspects=True),
    Entry("drivers/fabric-manager", ("driver",), ("driver",), inspects=True),
    Entry("gpus/gpu-architecture", ("frameworks", "packages", "gpus"), ("gpus",), inspects=True),
    Entry("gpus/gpu-cuda", ("frameworks", "packages", "gpus"), ("gpus",), inspects=True),
    Entry(
        "gpus/triton-compiler", ("packages", "gpus"), ("triton", "pytorch-triton"), inspects=True
    ),
    Entry(
        "gpus/rocm-architecture",
        ("frameworks", "gpus", "env_vars"),
        ("gpus", "HSA_OVERRIDE_GFX_VERSION"),
        inspects=True,
    ),
    Entry("gpus/kernel-capability", ("packages", "gpus"), ("gpus",), inspects=True),
    Entry("libraries/cudnn-version", ("frameworks", "packages"), inspects=True),
    Entry("frameworks/torch-family", ("packages",), ("torch",), inspects=True),
    Entry("frameworks/jax-family", ("packages", "driver"), ("jax",), inspects=True),
    Entry(
        "frameworks/tensorflow-cuda",
        ("packages", "frameworks", "cuda"),
        ("tensorflow", "tensorflow-gpu"),
        inspects=True,
    ),
    Entry(
        "frameworks/onnxruntime-cuda",
        ("packages", "cuda", "gpus"),
        ("onnxruntime", "onnxruntime-gpu"),
        inspects=True,
    ),
    Entry("frameworks/tensorrt-engine", ("packages", "gpus", "weights"), ("tensorrt",)),
    Entry(
        "libraries/nvjitlink",
        ("packages",),
        ("nvidia-nvjitlink-cu12", "nvidia-nvjitlink-cu11", "nvidia-nvjitlink"),
        inspects=True,
    ),
    Entry("frameworks/link-check", ("packages",), inspects=True),
    Entry("packages/built-against", ("packages", "frameworks"), inspects=True),
    Entry("packages/release-family", ("packages",), inspects=True),
    Entry("packages/known-conflicts", ("packages",), ("vllm", "onnx"), inspects=True),
    Entry("packages/numpy-abi", ("packages",), ("numpy",), inspects=True),
    Entry("frameworks/extension-build", ("packages", "frameworks"), ("torch",), inspects=True),
    Entry("packages/wheel-platform", ("packages", "python", "system"), inspects=True),
    Entry("inputs/weights", ("weights",), inspects=True),
    Entry("inputs/shadowed-module", ("python",)),
    Entry("inputs/opened-files", ("files",)),
    Entry("inputs/end-of-run", ("process",), inspects=True),
    Entry("inputs/pickled-estimator", ("weights", "packages"), inspects=True),
    Entry("frameworks/framework-build", ("frameworks", "packages")),
    Entry("frameworks/cpu-build", ("frameworks", "gpus"), ("gpus",), inspects=True),
    Entry("drivers/no-driver", ("frameworks", "gpus"), inspects=True),
    Entry("frameworks/framework-version", ("frameworks",)),
    Entry("frameworks/stated-elsewhere", ("frameworks", "packages", "wanted")),
    Entry("inputs/seeds", ("seeds",), inspects=True),
    Entry("inputs/determinism", ("determinism", "env_vars"), inspects=True),
    Entry("gpus/tf32", ("frameworks", "gpus", "determinism"), ("gpus",), inspects=True),
    Entry("libraries/image-codecs", ("codecs",)),
    Entry("packages/behavior-change", ("packages",)),
    Entry("packages/known-bad-release", ("packages",), inspects=True),
    Entry("libraries/accelerator-libraries", ("frameworks",)),
    Entry(
        "packages/cluster-versions",
        ("packages", "python"),
        ("ray", "distributed", "dask", "pyspark", "horovod", "deepspeed", "mpi4py"),
    ),
    Entry("machine/python-version", ("python",)),
    Entry("gpus/gpu-model", ("gpus",), ("gpus",)),
    Entry(
        "gpus/hidden-gpus",
        ("env_vars",),
        ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
        inspects=True,
    ),
    Entry("machine/launcher-variables", ("env_vars", "identity", "gpus"), inspects=True),
    Entry(
        "machine/variable-traps", ("env_vars", "packages", "gpus"), ("vllm", "torch"), inspects=True
    ),
    Entry("machine/thread-limits", ("env_vars", "system", "frameworks"), inspects=True),
    Entry("machine/env-var", ("env_vars",)),
    Entry("machine/processor", ("system", "frameworks")),
    Entry(
        "machine/cpu-requirement",
        ("packages", "system"),
        ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "jaxlib", "polars", "faiss-cpu"),
        inspects=True,
    ),
    Entry("gpus/rocm-version", ("rocm",)),
    Entry("packages/package-version", ("packages",)),
    Entry("packages/package-missing", ("packages",)),
    Entry("packages/wanted", ("wanted",)),
    Entry("packages/package-build", ("packages",)),
    Entry("packages/requirements", ("packages",), inspects=True),
    Entry("packages/competing-distributions", ("packages",), inspects=True),
    Entry("packages/altered-files", ("packages",), inspects=True),
    Entry("packages/newer-than-known", ("packages", "driver"), inspects=True),
    Entry("packages/package-metadata", ("packages",), inspects=True),
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
        inspects=True,
    ),
    Entry("libraries/mixed-libraries", ("frameworks", "process"), inspects=True),
    Entry("libraries/loaded-libraries", ("frameworks", "process")),
    Entry("drivers/driver-version", ("driver", "cuda"), ("driver",)),
    Entry("drivers/driver-branch", ("driver",), ("driver",), inspects=True),
    Entry("machine/architecture", ("system",)),
    Entry("machine/emulated-python", ("python", "system"), inspects=True),
    Entry("inputs/config-value", ("configs",)),
    Entry("inputs/config-type", ("configs",)),
    Entry("inputs/data-order", ("data",)),
    Entry("machine/tools", ("tools",)),
    Entry("machine/c-library", ("system",)),
    Entry("machine/ascii-locale", ("system", "env_vars"), inspects=True),
    Entry("machine/text-settings", ("system",)),
    Entry("inputs/source-code", ("git", "python")),
    Entry("gpus/gpu-settings", ("gpus",), ("gpus",)),
    Entry("gpus/peer-to-peer", ("system", "gpus"), inspects=True),
    Entry("drivers/wsl-libcuda", ("driver", "env_vars", "system"), inspects=True),
    Entry("libraries/toolkit-build", ("cuda", "frameworks"), inspects=True),
    Entry("libraries/cuda-toolkit", ("cuda", "tools")),
    Entry("machine/shared-memory", ("system",), inspects=True),
    Entry("machine/network-devices", ("system",)),
    Entry("machine/resources", ("system", "frameworks", "determinism")),
    Entry("machine/operating-system", ("system",)),
    # These look at facts that are not compared, or at all of them: they are always loaded.
    Entry("libraries/nccl-plugin", ()),
    Entry("packages/package-source", ()),
    Entry("inputs/error-text", ("error text",)),  # no section: it is loaded where a text is passed
)


DRIVER = ("version", "kernel_module", "libcuda", "libnvidia_ml", "libcuda_path", "nvswitches")


def concerned(changed: Iterable[str], there: Iterable[str], *sides: Manifest) -> tuple[Rule, ...]:
    """Load the rules that have something to look at, in order.

    `changed` names the sections that differ, `there` those that the judged manifest has: a rule
    that inspects looks at them whether they differ or not. What a rule is about and no side has
    leaves it out; without sides, nothing does.
    """
    differ, present = set(changed), set(there)
    subjects = set[str]().union(*map(_subjects, sides)) if sides else None
    return tuple(
        entry.load()
        for entry in REGISTRY
        if _looks_at(entry, differ, present)
        and (not entry.about or subjects is None or not subjects.isdisjoint(entry.about))
    )


def _looks_at(entry: Entry, differ: set[str], present: set[str]) -> bool:
    if not entry.sections:
        return True
    return not differ.isdisjoint(entry.sections) or (
        entry.inspects and not present.isdisjoint(entry.sections)
    )


def _subjects(side: Manifest) -> set[str]:
    """What rules can be about: distributions, frameworks, variables that are set, a driver, GPUs."""
    found = {*packages(side), *frameworks(side), *entries(side, "env_vars")}
    if gpus(side):
        found |= {"gpus", "driver"}
    if stated(side, "cuda", "driver") or any(stated(side, "driver", name) for name in DRIVER):
        found.add("driver")
    return found


def rule(identifier: str) -> Rule | None:
    """Load the rule of an identifier; None for an unknown one."""
    return next((entry.load() for entry in REGISTRY if entry.id == identifier), None)
