"""The CUDA toolkit cannot build extensions for torch's CUDA."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class ToolkitBuild(Rule):
    """The CUDA toolkit (nvcc) is of another major release than torch's CUDA.

    torch's extension builder refuses that: "The detected CUDA version mismatches the version
    that was used to compile PyTorch". Where nothing is compiled on the machine (no flash-attn,
    DeepSpeed or own kernels), it does not matter: wheels bring their own libraries.

    Fix: point CUDA_HOME and PATH at the toolkit of torch's CUDA.
    """

    id = "toolkit-build"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Compare major releases."""
        toolkit = stated(manifest, "cuda", "toolkit")
        torch = frameworks(manifest).get("torch")
        if torch is None or not isinstance(torch.cuda, str) or not isinstance(toolkit, str):
            return
        have, want = numbers(toolkit), numbers(torch.cuda)
        if have and want and have[0] != want[0]:
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.CRASH,
                confidence=Confidence.POSSIBLE,
                path=("cuda", "toolkit"),
                message=f"CUDA toolkit {toolkit} cannot build extensions for torch's CUDA {torch.cuda}",
                why="torch refuses to compile with another major release; wheels are not affected.",
                fix=f"Point CUDA_HOME and PATH at a toolkit of CUDA {torch.cuda}, if anything is compiled here.",
                source="torch/utils/cpp_extension.py of torch 2.13.0",
                cites=(("frameworks", "torch", "cuda"),),
            )
