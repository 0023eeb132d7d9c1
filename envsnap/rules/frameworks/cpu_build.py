"""A CPU build of a framework is installed beside a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class CpuBuild(Rule):
    """A framework's CPU build is installed on a machine that has a GPU.

    "Torch not compiled with CUDA enabled": the build from the wrong index was installed. The GPU is
    not used: everything runs on the CPU.

    Fix: install the CUDA build (PyTorch's index for the CUDA, or the Python index's default).
    """

    id = "cpu-build"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a framework whose build states that it has neither CUDA nor ROCm."""
        known = gpus(manifest)
        for name, framework in frameworks(manifest).items():
            other = isinstance(framework.rocm, str) or "+xpu" in str(framework.version)
            if known and framework.cuda is None and not other:
                first = next(iter(known.values())).name
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.LIKELY,
                    path=("frameworks", name, "cuda"),
                    message=f"{name} is a CPU build on a machine with a GPU"
                    + (f" ({first})" if isinstance(first, str) else ""),
                    why="It does not use the GPU; asking for one fails.",
                    fix=f"Install the build of {name} for CUDA.",
                )
