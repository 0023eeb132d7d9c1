"""A framework's CUDA does not know a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.gpus import architecture
from envsnap.knowledge.versions import numbers
from envsnap.model.compute import Gpu
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import gpus
from envsnap.rules.built_here import built, told_by
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

REFERENCE = "https://docs.nvidia.com/datacenter/tesla/drivers/cuda-toolkit-driver-and-architecture-matrix.html"


class GpuCuda(Rule):
    """A GPU's architecture is newer, or older, than the CUDA that a framework was built for.

    Each CUDA release compiles for a range of architectures. Code for an older GPU of the same
    major architecture may still run. Everything that is compiled at run time (NVRTC, Triton,
    torch.compile, fused kernels) fails: "invalid value for --gpu-architecture", "no kernel image
    is available".

    Fix: install a build for a CUDA that knows the GPU.
    """

    id = "gpu-cuda"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Check each framework's CUDA against each GPU; one finding a framework."""
        for name, framework in built(manifest).items():
            path = told_by(manifest, name, "cuda")
            for index, gpu in gpus(manifest).items():
                row = architecture(gpu.compute_capability, gpu.name)
                if isinstance(framework.cuda, str) and row is not None:
                    found = self._judge(path, framework.cuda, index, gpu, row)
                    if found is not None:
                        yield found
                        break

    def _judge(
        self, path: Path, cuda: str, index: str, gpu: Gpu, row: dict[str, Any]
    ) -> Finding | None:
        name = path[1]
        first, last = row["first_cuda"], row.get("last_cuda")
        if not numbers(cuda):
            return None
        too_old = numbers(cuda)[:2] < numbers(first)
        too_new = last is not None and numbers(cuda)[:2] > numbers(last)
        if not too_old and not too_new:
            return None
        model = gpu.name if isinstance(gpu.name, str) else f"capability {row['compute_capability']}"
        bound = f"{first} is the first" if too_old else f"{last} is the last"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=path,
            message=f"{name} is built for CUDA {cuda}, which does not know the {model}",
            why=f"CUDA {bound} that compiles for {row['architecture']} {row['compute_capability']}.",
            fix=f"Install a build of {name} for CUDA {first} or newer." if too_old
            else f"Install a build of {name} for CUDA {last} or older.",
            source=REFERENCE,
            expected=f"CUDA {first} or newer" if too_old else f"CUDA {last} or older",
            cites=(("gpus", index, "name"),),
        )  # fmt: skip
