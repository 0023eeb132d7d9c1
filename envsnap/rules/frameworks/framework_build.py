"""The same framework version, built differently."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.paths import Path
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.rules.versions import Distance, distance

ACCELERATORS = ("cuda", "rocm")


class FrameworkBuild(Rule):
    """A framework is built for another CUDA or ROCm, or for none.

    A build without CUDA computes on the CPU, silently. A build for another CUDA brings other
    cuBLAS and cuDNN releases, whose kernels sum in another order, and needs another driver.

    Fix: install the build with the reference's local label (for example +cu124).
    """

    id = "framework-build"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a framework whose accelerator build differs."""
        for change in list(comparison.under("frameworks")):
            if len(change.path) != 3 or change.path[2] not in ACCELERATORS:
                continue
            name, kind = change.path[1], change.path[2].upper().replace("ROCM", "ROCm")
            to_none = change.other is None
            from_none = change.reference is None
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR if to_none else Severity.WARNING,
                effect=Effect.BEHAVIOR if to_none else Effect.NUMERICS,
                confidence=Confidence.CERTAIN if to_none or from_none else Confidence.LIKELY,
                path=change.path,
                message=(
                    f"{name} is built for {kind} {change.reference}, on the other side without {kind}"
                    if to_none
                    else f"{name} is built without {kind}, on the other side for {kind} {change.other}"
                    if from_none
                    else f"{name} is built for {kind} {change.reference}, on the other side for {change.other}"
                ),
                why=(
                    f"Without {kind} it computes on the CPU, or fails where a GPU is asked for."
                    if to_none
                    else "Other math libraries, other kernels, another order of sums; another driver is needed."
                ),
                fix=(
                    f"Install one build of {name} on both sides; the reference has the CPU build."
                    if from_none
                    else f"Install the build of {name} that the reference has."
                ),
                changes=(change.path, *_labels(comparison, name)),
            )


def _labels(comparison: Comparison, name: str) -> tuple[Path, ...]:
    """Version strings that differ in the build's label alone, and the wheels that a build pins."""
    found = [
        change.path
        for path in (("frameworks", name, "version"), ("packages", name, "version"))
        if (change := comparison.at(*path))
        and distance(change.reference, change.other) is Distance.BUILD
    ]
    if name == "torch":
        found += [
            change.path
            for change in comparison.under("packages")
            if change.path[1].startswith("nvidia-")
        ]
        found += [
            change.path
            for key in ("cudnn", "cudnn_loaded", "nccl")
            if (change := comparison.at("frameworks", name, key))
        ]
    return tuple(found)
