"""Several distributions provide one import package."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


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
        for imports, present in _competing(manifest).items():
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.BEHAVIOR,
                confidence=Confidence.LIKELY,
                path=("packages", present[0]),
                message=f"{' and '.join(present)} all provide `{imports}`",
                why="Each wrote its files over the other's. Which one is imported depends on "
                "the order of installation.",
                fix="Uninstall all of them, then install the one that is wanted.",
                cites=tuple(("packages", name) for name in present[1:]),
            )


def _competing(manifest: Manifest) -> dict[str, list[str]]:
    """Distributions by the import package that they share: known ones, and those whose RECORDs say so."""
    installed = packages(manifest)
    found = {
        row["imports"]: present
        for row in table("competing_distributions")["rows"]
        if len(present := [name for name in row["distributions"] if name in installed]) > 1
    }
    claimed = stated(manifest, "packages", "claimed_twice")
    for imports, names in (claimed or {}).items():
        if len(names) > 1:
            found.setdefault(imports, list(names))
    return found
