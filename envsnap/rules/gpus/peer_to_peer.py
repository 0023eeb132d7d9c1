"""The machine redirects what GPUs send each other."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.compute import Gpu
from envsnap.model.manifest import Manifest
from envsnap.model.reading import gpus, is_captured, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

REFERENCE = "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html"


class PeerToPeer(Rule):
    """PCIe access control or an IOMMU stands between the GPUs.

    NCCL copies between GPUs directly. With access control services (ACS) on, PCIe bridges send
    such copies up to the root; with an IOMMU that translates, they may go wrong or hang. NVIDIA's
    advice for bare-metal machines is to switch both off; in virtual machines ACS has to stay on.

    Fix: switch ACS off on the bridges and boot with iommu=pt; to confirm, run once with
    NCCL_P2P_DISABLE=1.
    """

    id = "peer-to-peer"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding for each that is on where it may matter."""
        cards = [gpu for gpu in gpus(manifest).values() if not _is_amd(gpu)]
        linked = bool(cards) and all(gpu.nvlinks_active for gpu in cards)
        known = is_captured(manifest, "gpus")
        if linked or (known and len(cards) < 2):
            return  # NVLink carries the copies, or there are none
        bridges = stated(manifest, "system", "pcie_acs")
        if bridges:
            yield self._finding(
                "pcie_acs",
                f"PCIe bridges redirect peer-to-peer copies (ACS): {', '.join(bridges[:3])}",
            )
        iommu = stated(manifest, "system", "iommu")
        domains = stated(manifest, "system", "iommu_domains") or ()
        passes = bool(domains) and all(domain == "identity" for domain in domains)
        if isinstance(iommu, str) and iommu != "off" and len(cards) > 1 and not passes:
            yield self._finding(
                "iommu", f"an IOMMU ({iommu}) translates what {len(cards)} GPUs send each other"
            )

    def _finding(self, key: str, message: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=("system", key),
            message=message,
            why="NCCL's direct copies between GPUs are slow, wrong or hang.",
            fix="To confirm, run once with NCCL_P2P_DISABLE=1; on bare metal switch ACS off and boot with iommu=pt.",
            source=REFERENCE,
        )


def _is_amd(gpu: Gpu) -> bool:
    return isinstance(gpu.compute_capability, str) and gpu.compute_capability.startswith("gfx")
