"""torchvision, torchaudio or triton do not belong to the installed torch."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule, packages
from envsnap.rules.versions import Distance, distance, numbers

CLOSE = (Distance.PATCH, Distance.BUILD)


class TorchFamily(Rule):
    """A companion of torch was built for another torch.

    torchvision's and torchaudio's wheels require one exact torch, since they call its C++
    interfaces; the triton that torch.compile uses is required by torch's own wheel. Another one
    fails at import ("undefined symbol", "operator torchvision::nms does not exist") or at the
    first compiled kernel. Local labels (+cu121, +cpu) have to agree, too.

    Fix: install the companion that belongs to the torch, from the same index.
    """

    id = "torch-family"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a companion that does not fit."""
        installed = packages(manifest)
        if "torch" not in installed:
            return
        torch = installed["torch"].version
        if not isinstance(torch, str):
            return
        for row in table("torch_family")["rows"]:
            package = installed.get(row["distribution"])
            if package is None or not isinstance(package.version, str):
                continue
            wanted = self._torch_for(row, package.version)
            if wanted is None or distance(torch, wanted) in CLOSE:
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR if is_trusted(row["confidence"]) else Severity.WARNING,
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY,
                path=("packages", row["distribution"], "version"),
                message=f"{row['distribution']} {package.version} belongs to torch {wanted}, not {torch}",
                why="It calls torch's C++ interfaces, which change with every release.",
                fix=f"Install the {row['distribution']} that belongs to torch {torch}.",
                left=f"torch {wanted}",
                right=f"torch {torch}",
            )

    @staticmethod
    def _torch_for(row: dict[str, object], version: str) -> str | None:
        """The torch that a companion's release belongs to; None where the table ends."""
        if numbers(version)[:2] != numbers(str(row["release"]))[:2]:
            return None
        return str(row["torch"])
