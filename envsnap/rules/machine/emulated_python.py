"""Python runs for another processor than the machine has."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class EmulatedPython(Rule):
    """An x86_64 Python runs on an Apple processor, through Rosetta.

    Packages for x86_64 have neither Apple's GPU (MPS) nor its math library, and lack
    instructions that Rosetta does not translate. A platform of macOS 10.16 is what a Python
    built for an old macOS calls every newer one.

    Fix: install an arm64 Python, and the packages anew with it.
    """

    id = "emulated-python"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        cpu = f"{stated(manifest, 'system', 'cpu')} {stated(manifest, 'system', 'os')}"
        platform = str(stated(manifest, "python", "platform"))
        architecture = str(stated(manifest, "system", "architecture"))
        intel = any(word in f"{platform} {architecture}" for word in ("x86_64", "i386"))
        if "Apple" not in cpu or not intel:
            return
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=("python", "platform"),
            message=f"an x86_64 Python ({platform}) runs on an Apple processor",
            why="It has neither the GPU (MPS) nor Apple's math library; it runs through Rosetta.",
            fix="Install an arm64 Python, and the packages anew with it.",
            source="Lightning-AI/pytorch-lightning#14634; pytorch/pytorch#146236",
        )
