"""A GPU is older than the kernels of a distribution need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.gpus import compute_capability
from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import gpus, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class KernelCapability(Rule):
    """A GPU is too old for the kernels of an installed distribution.

    Attention kernels, compilers and newer wheels leave old architectures out: FlashAttention 2
    wants Ampere, Triton compute capability 7.0, JAX's CUDA 13 wheels 7.5. The package still
    installs, and fails at the first call.

    Fix: use another implementation on this GPU, or a newer GPU.
    """

    id = "kernel-capability"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table against the installed distributions and the GPUs."""
        capabilities = _capabilities(manifest)
        for row in table("kernel_capability")["rows"]:
            installed = version(manifest, row["distribution"])
            if installed is None or numbers(installed) < numbers(row["first"]):
                continue
            for index, capability in capabilities.items():
                if numbers(capability) < numbers(row["compute_capability"]):
                    yield self._finding(row, installed, index, capability)
                    break

    def _finding(self, row: dict[str, Any], installed: str, index: str, capability: str) -> Finding:
        sure = is_trusted(row["basis"])
        return Finding(
            rule=self.id,
            # A package that is installed need not be used; a framework's own plugin is.
            severity=Severity.ERROR if sure and row.get("essential") else Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
            path=("gpus", index, "compute_capability"),
            message=(
                f"{row['distribution']} {installed} has no kernels for GPU {index}"
                f" (compute capability {capability}){'' if sure else ' (unverified)'}"
            ),
            why=f"{row['what']}.",
            fix="Use another implementation on this GPU, or a newer GPU.",
            source=source("kernel_capability", row["source"]),
            expected=f"compute capability {row['compute_capability']}",
            cites=(("packages", row["distribution"]),),
        )


def _capabilities(manifest: Manifest) -> dict[str, str]:
    """The compute capability of each NVIDIA GPU, stated or known from the model's name."""
    found = {
        index: compute_capability(gpu.compute_capability, gpu.name)
        for index, gpu in gpus(manifest).items()
    }
    return {index: value for index, value in found.items() if value and numbers(value)}
