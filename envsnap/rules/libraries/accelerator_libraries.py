"""cuDNN, NCCL or the BLAS of a framework differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.versions import Distance, distance
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

LIBRARIES = {
    "cudnn": "cuDNN it was built with",
    "cudnn_loaded": "cuDNN it loads",
    "nccl": "NCCL it uses",
}
BLAS = "blas"


class AcceleratorLibraries(Rule):
    """A framework uses another cuDNN, NCCL or BLAS.

    cuDNN chooses convolution and attention kernels, NCCL the order in which GPUs add up gradients
    and activations. Both change the last bits, and sometimes decide whether a run starts at all.
    What was compiled in and what is loaded are separate facts; a LD_LIBRARY_PATH that leads to a
    system copy is the usual cause of a difference between them. Another BLAS (OpenBLAS, MKL,
    Accelerate, the reference one of netlib) has other kernels: other last bits, and another speed.

    Fix: install the framework build and the nvidia-* wheels of the reference.
    """

    id = "accelerator-libraries"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a library that differs."""
        for change in list(comparison.under("frameworks")):
            if len(change.path) != 3:
                continue
            if change.path[2] == BLAS:
                yield self._blas(change)
            if change.path[2] not in LIBRARIES:
                continue
            if change.reference is None or change.other is None:
                continue  # the build with and the build without CUDA: another rule's
            far = distance(change.reference, change.other) is Distance.MAJOR
            follows = _follows(comparison, change)
            yield Finding(
                rule=self.id,
                severity=Severity.INFO if follows else Severity.WARNING,
                effect=Effect.NUMERICS,
                confidence=Confidence.LIKELY if far else Confidence.POSSIBLE,
                path=change.path,
                message=f"{change.path[1]}: the {LIBRARIES[change.path[2]]}: {change.told}",
                why="It chooses other kernels, or adds up in another order."
                + (f" It comes with that release of {change.path[1]}." if follows else ""),
                fix="Install the framework build and the nvidia-* wheels of the reference.",
                changes=(change.path,),
            )

    def _blas(self, change: Change) -> Finding:
        one, two = (str(side).split(" ")[0].lower() for side in (change.reference, change.other))
        return Finding(
            rule=self.id,
            severity=Severity.INFO if one == two else Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{change.path[1]}: the BLAS it was built with: {change.told}",
            why=(
                "It has other kernels: products of matrices get other last bits, and another speed."
                " The reference BLAS of netlib is the slowest."
            ),
            fix=f"Install {change.path[1]} from the reference's source.",
            changes=(change.path,),
        )


def _follows(comparison: Comparison, change: Change) -> bool:
    """Whether the framework itself went on, and brought a library of its own along."""
    moved = comparison.at(*change.path[:2], "version")
    return moved is not None and distance(moved.reference, moved.other) in (
        Distance.MINOR,
        Distance.MAJOR,
    )
