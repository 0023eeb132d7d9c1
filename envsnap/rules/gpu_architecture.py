"""A framework has no code for a GPU's architecture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.model.compute import Framework
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule, frameworks, gpus, new_on_the_right

ARCHITECTURE = re.compile(r"(sm|compute)_(\d+)(\d)[af]?")
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
        for name, framework in frameworks(manifest).items():
            if not isinstance(framework.arch_list, tuple) or not framework.arch_list:
                continue
            for index, gpu in gpus(manifest).items():
                if isinstance(gpu.compute_capability, str):
                    yield from self._judge(name, framework, index, gpu.compute_capability)

    def _judge(
        self, name: str, framework: Framework, index: str, capability: str
    ) -> Iterator[Finding]:
        assert isinstance(framework.arch_list, tuple)
        how = coverage(framework.arch_list, capability)
        if how == "machine code":
            return
        none = how is None
        yield Finding(
            rule=self.id,
            severity=Severity.ERROR if none else Severity.INFO,
            effect=Effect.CRASH if none else Effect.PERFORMANCE,
            confidence=Confidence.CERTAIN,
            path=("frameworks", name, "arch_list"),
            message=(
                f"{name} has no code for GPU {index} (compute capability {capability})"
                if none
                else f"{name} runs on GPU {index} ({capability}) through PTX only"
            ),
            why=(
                f"It is built for {' '.join(framework.arch_list)}."
                + ("" if none else " The driver compiles it at the first start.")
            ),
            fix=f"Install a build of {name} for compute capability {capability}.",
            reference=REFERENCE,
            left=list(framework.arch_list),
            right=capability,
        )

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Report what does not run on the other side, unless it does not on the reference."""
        yield from new_on_the_right(self, comparison)


def coverage(architectures: tuple[str, ...], capability: str) -> str | None:
    """Return "machine code", "PTX", or None for what a build offers a compute capability."""
    if capability.startswith("gfx"):  # AMD's code runs on exactly the architecture it names
        named = {item.partition(":")[0] for item in architectures}
        return "machine code" if capability.partition(":")[0] in named else None
    major, _, minor = capability.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        return "machine code"  # nothing can be said
    device = int(major), int(minor)
    found: str | None = None
    for architecture in architectures:
        match = ARCHITECTURE.fullmatch(architecture)
        if match is None:
            continue
        built = int(match.group(2)), int(match.group(3))
        if match.group(1) == "sm" and built[0] == device[0] and built[1] <= device[1]:
            return "machine code"
        if match.group(1) == "compute" and built <= device:
            found = "PTX"
    return found
