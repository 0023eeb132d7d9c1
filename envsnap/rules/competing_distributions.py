"""Several distributions provide one import package."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule, new_on_the_right, packages


class CompetingDistributions(Rule):
    """Two installed distributions write the same import package.

    onnxruntime and onnxruntime-gpu, triton and pytorch-triton, opencv-python and its headless
    twin: each writes its files over the other's. What is imported depends on which was installed
    last, and uninstalling one breaks the other. With onnxruntime the usual symptom is a silent
    fall-back to the CPU.

    Fix: uninstall all of them, then install the one that is wanted.
    """

    id = "competing-distributions"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding an import package that several distributions provide."""
        installed = packages(manifest)
        for row in table("competing_distributions")["rows"]:
            present = [name for name in row["distributions"] if name in installed]
            if len(present) > 1:
                yield Finding(
                    rule=self.id,
                    severity=Severity.WARNING,
                    effect=Effect.BEHAVIOR,
                    confidence=Confidence.LIKELY,
                    path=("packages", present[0]),
                    message=f"{' and '.join(present)} all provide `{row['imports']}`",
                    why="Each wrote its files over the other's; what is imported is a matter of order.",
                    fix="Uninstall all of them, then install the one that is wanted.",
                    right=present,
                )

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Report what competes on the other side and not on the reference."""
        yield from new_on_the_right(self, comparison)
