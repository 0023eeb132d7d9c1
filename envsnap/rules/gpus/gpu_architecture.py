"""A framework has no code for a GPU's architecture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from envsnap.knowledge.gpus import compute_capability
from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import numbers
from envsnap.model.compute import Framework
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import gpus, stated, variable
from envsnap.rules.built_here import built as built_here
from envsnap.rules.built_here import told_by
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

ARCHITECTURE = re.compile(r"(sm|compute)_([0-9]{1,4})([0-9])[af]?")
CAPABILITY = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")
RELEASE = re.compile(r"\d+\.\d+(?:\.\d+)?(?:\+cu\d+)?")
# Integrated GPUs: code for them runs nowhere else, and other code not on them.
JETSON = {(5, 3), (6, 2), (7, 2), (8, 7), (10, 1)}
REFERENCE = "torch/cuda/__init__.py of torch 2.13.0 (_CompatInterval)"


class GpuArchitecture(Rule):
    """A framework was built without code for this GPU.

    Machine code for sm_XY runs on GPUs of the same major compute capability and an equal or
    higher minor one: sm_80 runs on 8.6 and 8.9, sm_90 not on 10.0. PTX (compute_XY) can be
    compiled for any GPU from X.Y on, if the driver is new enough. Without either, the first
    kernel fails with "no kernel image is available for execution on the device".

    Fix: install a build whose list holds the GPU's architecture.
    """

    id = "gpu-architecture"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Check each framework's list against each GPU."""
        for name, framework in built_here(manifest).items():
            built = _stated(framework) or (
                _published(framework, manifest) if name == "torch" else None
            )
            if built is not None:
                path = told_by(manifest, name, "arch_list")
                for index, capability in _cards(manifest, built).items():
                    yield from self._judge(name, path, built, (index, capability))

    def _judge(
        self, name: str, path: Path, built: Built, card: tuple[str, str]
    ) -> Iterator[Finding]:
        index, capability = card
        how = coverage(built.architectures, capability)
        if how == "machine code":
            return
        none = how is None
        worst = Severity.ERROR if built.trusted else Severity.WARNING
        yield Finding(
            rule=self.id,
            severity=worst if none else Severity.INFO,
            effect=Effect.CRASH if none else Effect.PERFORMANCE,
            confidence=Confidence.LIKELY if built.source else Confidence.CERTAIN,
            path=path,
            message=(
                f"{name} has no code for GPU {index} (compute capability {capability})"
                if none
                else f"{name} runs on GPU {index} ({capability}) through PTX only"
            ),
            why=(
                f"It is built for {' '.join(built.architectures)}{built.remark()}."
                + ("" if none else " The driver compiles it at the first start.")
            ),
            fix=f"Install a build of {name} for compute capability {capability}.",
            source=built.source or REFERENCE,
            cites=(("gpus", index, "compute_capability"),),
        )


class Built(NamedTuple):
    """What a build has code for; `source` names the table's where the build did not say itself."""

    architectures: tuple[str, ...]
    source: str = ""
    trusted: bool = True

    def remark(self) -> str:
        """Where the list is from, if the build did not say itself."""
        if not self.source:
            return ""
        return " (the published wheel)" if self.trusted else " (the published wheel; unverified)"


def _stated(framework: Framework) -> Built | None:
    return (
        Built(framework.arch_list)
        if isinstance(framework.arch_list, tuple) and framework.arch_list
        else None
    )


def _published(framework: Framework, manifest: Manifest) -> Built | None:
    """The list of torch's published wheel of this release, CUDA and machine, where torch was not asked.

    Nightly builds, NVIDIA's and one's own are no published wheels.
    """
    if not isinstance(framework.version, str) or not isinstance(framework.cuda, str):
        return None
    if not RELEASE.fullmatch(framework.version) or stated(manifest, "system", "platform") not in (
        None,
        "linux",
    ):
        return None
    machine = stated(manifest, "system", "architecture") or "x86_64"
    minor, build = (
        numbers(framework.version)[:2],
        "cu" + "".join(map(str, numbers(framework.cuda)[:2])),
    )
    for row in table("torch_arch_lists")["rows"]:
        if (numbers(row["torch"]), row["build"], row["machine"]) == (minor, build, machine):
            written = source("torch_arch_lists", row["source"])
            return Built(tuple(row["archs"]), written, is_trusted(row["basis"]))
    return None


def _cards(manifest: Manifest, built: Built) -> dict[str, str]:
    """The GPUs that the build is for: NVIDIA's of a CUDA build, AMD's of a ROCm build.

    An AMD card beside one that runs (the processor's own, mostly) need not run, nor one that is
    passed off as another architecture.
    """
    amd = any(target.startswith("gfx") for target in built.architectures)
    known = {
        index: compute_capability(gpu.compute_capability, gpu.name)
        for index, gpu in gpus(manifest).items()
    }
    found = {
        index: value for index, value in known.items() if value and value.startswith("gfx") is amd
    }
    runs = any(coverage(built.architectures, value) for value in found.values())
    if amd and (runs or variable(manifest, "HSA_OVERRIDE_GFX_VERSION") is not None):
        return {}
    return found


def coverage(architectures: tuple[str, ...], capability: str) -> str | None:
    """Return "machine code", "PTX", or None for what a build offers a compute capability."""
    if capability.startswith("gfx"):  # AMD's code runs on exactly the architecture it names
        named = {item.partition(":")[0] for item in architectures}
        return "machine code" if capability.partition(":")[0] in named else None
    major, _, minor = capability.partition(".")
    if not CAPABILITY.fullmatch(capability):
        return "machine code"  # nothing can be said
    device = int(major), int(minor)
    if device == (11, 0) and "sm_101" in architectures:
        return "machine code"  # CUDA 13 renamed it
    offers = {_offer(target, device) for target in architectures}
    return next((how for how in ("machine code", "PTX") if how in offers), None)


def _offer(target: str, device: tuple[int, int]) -> str | None:
    """What one target of a build offers a device."""
    match = ARCHITECTURE.fullmatch(target)
    if match is None:
        return None
    built = int(match.group(2)), int(match.group(3))
    if match.group(1) == "compute":
        return "PTX" if built <= device else None
    runs = built[0] == device[0] and built[1] <= device[1]
    return "machine code" if runs and (built == device or not {built, device} & JETSON) else None
