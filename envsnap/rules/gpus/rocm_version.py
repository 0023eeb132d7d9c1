"""ROCm, or the amdgpu driver, differs."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class RocmVersion(Rule):
    """The installed ROCm, or AMD's kernel driver, differs.

    ROCm's user-space libraries choose the kernels (MIOpen, rocBLAS) and know certain GPUs only
    from a release on. On a GPU that is newer than the release the first allocation may crash. AMD
    supports a user space with the kernel driver of a few neighbouring releases.

    Fix: install the reference's ROCm release; for containers, the driver of the host counts.
    """

    id = "rocm-version"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the user space and one for the driver."""
        for key, what in (("version", "ROCm"), ("driver", "the amdgpu driver")):
            change = comparison.at("rocm", key)
            if change is not None:
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=change.path,
                    message=f"{what} {change.told}",
                    why="It chooses the kernels, and knows newer GPUs only from some release on.",
                    fix="Install the reference's release.",
                    changes=(change.path,),
                )
