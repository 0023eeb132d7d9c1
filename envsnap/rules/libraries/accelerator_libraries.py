"""cuDNN or NCCL of a framework differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.versions import Distance, distance
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

LIBRARIES = {
    "cudnn": "cuDNN it was built with",
    "cudnn_loaded": "cuDNN it loads",
    "nccl": "NCCL it uses",
}


class AcceleratorLibraries(Rule):
    """A framework uses another cuDNN or NCCL.

    cuDNN chooses convolution and attention kernels, NCCL the order in which GPUs add up gradients
    and activations. Both change the last bits, and sometimes decide whether a run starts at all.
    What was compiled in and what is loaded are separate facts; a LD_LIBRARY_PATH that leads to a
    system copy is the usual cause of a difference between them.

    Fix: install the framework build and the nvidia-* wheels of the reference.
    """

    id = "accelerator-libraries"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a library that differs."""
        for change in list(comparison.under("frameworks")):
            if len(change.path) != 3 or change.path[2] not in LIBRARIES:
                continue
            if change.reference is None or change.other is None:
                continue  # the build with and the build without CUDA: another rule's
            far = distance(change.reference, change.other) is Distance.MAJOR
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.NUMERICS,
                confidence=Confidence.LIKELY if far else Confidence.POSSIBLE,
                path=change.path,
                message=f"{change.path[1]}: the {LIBRARIES[change.path[2]]}: {change.told}",
                why="It chooses other kernels, or adds up in another order.",
                fix="Install the framework build and the nvidia-* wheels of the reference.",
                changes=(change.path,),
            )
