"""A CUDA build runs where no NVIDIA driver is."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, is_known, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class NoDriver(Rule):
    """A framework is built for CUDA, and this machine has no driver, or no GPU.

    It then computes on the CPU, or fails where the program asks for a GPU ("Found no NVIDIA driver
    on your system"). In a container the usual cause is that it was started without the NVIDIA
    runtime, or without the capabilities compute and utility.

    The default wheels are CUDA builds on every machine, so this alone is only information. It is a
    warning where the image asks for a driver, or where the reference uses a GPU.

    Fix: run with the GPUs (`--gpus all`), or install the CPU build if that is meant.
    """

    id = "no-driver"

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """It is a warning where the reference uses a GPU."""
        before = frameworks(comparison.reference).get(finding.path[1])
        used = before is not None and before.cuda_available is True
        return replace(finding, severity=Severity.WARNING) if used else finding

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a framework that says that it cannot use a GPU."""
        if not is_known(manifest, "gpus") or gpus(manifest):
            return
        wanted = variable(manifest, "NVIDIA_DRIVER_CAPABILITIES") is not None
        for name, framework in frameworks(manifest).items():
            if isinstance(framework.cuda, str) and framework.cuda_available is False:
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING if wanted else Severity.INFO,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.LIKELY,
                    path=("frameworks", name, "cuda_available"),
                    message=f"{name} is built for CUDA {framework.cuda}, and no GPU answers here",
                    why="It computes on the CPU, or fails where a GPU is asked for.",
                    fix="Run with the GPUs and the NVIDIA runtime, or install the CPU build.",
                )
