"""Float32 products are computed with ten bits of mantissa."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from envsnap.knowledge.gpus import architecture
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

FIRST = (8, 0)


class Tf32(Rule):
    """Float32 matrix products run in TF32 on this GPU.

    Ampere and newer GPUs can compute float32 products with 10 bits of mantissa instead of 23:
    a relative error of 2e-3 where float32 has 4e-5 (PyTorch's example). TensorFlow does so by
    default; torch did from 1.7 to 1.11 and does not since 1.12; convolutions of torch still do.
    NVIDIA_TF32_OVERRIDE switches below the frameworks and shows in none of their flags.

    Fix: set the switch by name on both sides: tf.config.experimental.enable_tensor_float_32_
    execution, torch.backends.cuda.matmul.fp32_precision.
    """

    id = "tf32"

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """It is a warning where the other side computes so and the reference does not."""
        return replace(finding, severity=Severity.WARNING)

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a framework that uses it for matrix products."""
        capable = [
            row
            for gpu in gpus(manifest).values()
            if (row := architecture(gpu.compute_capability, gpu.name))
        ]
        if not any(numbers(row["compute_capability"]) >= FIRST for row in capable):
            return
        known = frameworks(manifest)
        if (
            "tensorflow" in known
            and stated(manifest, "determinism", "tensorflow_tf32") is not False
        ):
            yield self._finding(
                ("determinism", "tensorflow_tf32"),
                "TensorFlow computes float32 products in TF32 on this GPU, by default",
            )
        torch = known.get("torch")
        if stated(manifest, "determinism", "matmul_allow_tf32") is True:
            yield self._finding(
                ("determinism", "matmul_allow_tf32"), "torch computes float32 products in TF32"
            )
        elif torch is not None and isinstance(torch.version, str) and _by_default(torch.version):
            yield self._finding(
                ("determinism", "matmul_allow_tf32"),
                f"torch {torch.version} computes float32 products in TF32 on this GPU, by default",
            )

    def _finding(self, path: tuple[str, ...], message: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NUMERICS,
            confidence=Confidence.POSSIBLE,
            path=path,
            message=message,
            why="Ten bits of mantissa instead of 23: a relative error near 2e-3.",
            fix="Switch it off by name where numbers have to agree with a CPU or an older GPU.",
            source="pytorch docs, notes on CUDA; tensorflow.org enable_tensor_float_32_execution",
            cites=(("gpus",),),
        )


def _by_default(version: str) -> bool:
    return (1, 7) <= numbers(version)[:2] <= (1, 11)
