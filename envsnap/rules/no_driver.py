"""A CUDA build runs where no NVIDIA driver is."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule, frameworks


class NoDriver(Rule):
    """A framework is built for CUDA, and this machine has no driver, or no GPU.

    It then computes on the CPU, or fails where the program asks for a GPU ("Found no NVIDIA
    driver on your system"). In a container the usual cause is that it was started without the
    NVIDIA runtime, or without the capabilities compute and utility.

    Fix: run with the GPUs (`--gpus all`), or install the CPU build if that is meant.
    """

    id = "no-driver"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a framework that says that it cannot use a GPU."""
        gpus = manifest.sections.gpus
        if gpus is UNSET or gpus.entries is UNSET or gpus.entries or "entries" in gpus.gaps:
            return
        for name, framework in frameworks(manifest).items():
            if isinstance(framework.cuda, str) and framework.cuda_available is False:
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.LIKELY,
                    path=("frameworks", name, "cuda_available"),
                    message=f"{name} is built for CUDA {framework.cuda}, and no GPU answers here",
                    why="It computes on the CPU, or fails where a GPU is asked for.",
                    fix="Run with the GPUs and the NVIDIA runtime, or install the CPU build.",
                    right=False,
                )
