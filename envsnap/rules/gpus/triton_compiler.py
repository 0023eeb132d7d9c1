"""Triton's own assembler does not know a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.gpus import architecture
from envsnap.knowledge.tables import table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import entries, frameworks, gpus, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

NAMES = ("triton", "pytorch-triton")
VARIABLES = ("TRITON_PTXAS_PATH", "TRITON_PTXAS_BLACKWELL_PATH")
BLACKWELL = (10, 0)


class TritonCompiler(Rule):
    """Triton cannot compile for a GPU that is newer than the assembler in its wheel.

    Triton's wheels bring NVIDIA's ptxas of one CUDA release, whatever CUDA torch was built for. A
    GPU that this release does not know fails at the first kernel that Triton compiles (also those
    of torch.compile, vLLM and FlashAttention): "Value 'sm_121a' is not defined for option
    'gpu-name'". The rest of torch works. With TRITON_PTXAS_PATH set, another ptxas is used, and the
    rule says nothing.

    Fix: set TRITON_PTXAS_PATH to the ptxas of a CUDA toolkit that knows the GPU, or install a newer
    Triton with the torch that it belongs to.
    """

    id = "triton-compiler"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding for the first GPU that the assembler does not know."""
        if any(name in entries(manifest, "env_vars") for name in VARIABLES):
            return
        for name in NAMES:
            installed = version(manifest, name)
            brings = _cuda(installed) if installed else None
            if installed is None or brings is None:
                continue
            brings = max(brings, _stated(manifest), key=numbers)
            for index, gpu in gpus(manifest).items():
                row = architecture(gpu.compute_capability, gpu.name)
                if row is None or numbers(row["compute_capability"]) < BLACKWELL:
                    continue
                if numbers(brings) < numbers(row["first_cuda"]):
                    yield self._finding(name, installed, brings, index, row)
                    return

    def _finding(
        self, name: str, installed: str, brings: str, index: str, row: dict[str, str]
    ) -> Finding:
        known = row["first_cuda"]
        capability = row["compute_capability"]
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "version"),
            message=f"{name} {installed} brings ptxas of CUDA {brings}, which does not know GPU {index}"
            f" (compute capability {capability})",
            why=f"CUDA {known} is the first that compiles for it. Kernels that Triton compiles fail.",
            fix=f"Set TRITON_PTXAS_PATH to the ptxas of CUDA {known} or newer, or install a newer"
            " triton with its torch.",
            source=table("triton_ptxas")["source"],
            expected=f"ptxas of CUDA {known}",
            cites=(("gpus", index, "name"),),
        )


def _stated(manifest: Manifest) -> str:
    """The CUDA of the ptxas that a capture found in Triton; older than that for Blackwell, or equal."""
    triton = frameworks(manifest).get("triton")
    return triton.ptxas if triton is not None and isinstance(triton.ptxas, str) else ""


def _cuda(installed: str) -> str | None:
    """The CUDA of the assembler in a release's wheel; None where the table does not reach."""
    known = table("triton_ptxas")
    here = numbers(installed)
    if not here or here >= numbers(known["to"]):
        return None
    found = [row["cuda"] for row in known["rows"] if numbers(row["from"]) <= here]
    return str(found[-1]) if found else None
