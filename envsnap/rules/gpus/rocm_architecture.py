"""A ROCm build has no code for this GPU, or the GPU is passed off as another."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"


class RocmArchitecture(Rule):
    """A ROCm build of torch has no code for this AMD GPU, or an override is set.

    AMD's code runs on exactly the architecture that it was built for (gfx90a, gfx1030). Many
    consumer cards are not on the wheels' list: the first kernel then fails, or the process ends
    with a segmentation fault. HSA_OVERRIDE_GFX_VERSION passes a card off as a related one; it
    works where the code happens to fit, and only where it is exported to the process.

    Fix: install a build for the architecture; else export the override of its nearest relative.
    """

    id = "rocm-architecture"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table of the wheels' lists against the GPUs, where torch states none."""
        override = variable(manifest, OVERRIDE)
        if override is not None:
            yield self._override(override)
        torch = frameworks(manifest).get("torch")
        if torch is None or not isinstance(torch.rocm, str) or isinstance(torch.arch_list, tuple):
            return
        release = numbers(torch.rocm)[:2]
        row = next(
            (
                row
                for row in table("rocm_arch_lists")["rows"]
                if numbers(row["first"]) <= release <= numbers(row["last"])
            ),
            None,
        )
        for index, gpu in gpus(manifest).items():
            target = gpu.compute_capability
            if row is None or override is not None or not isinstance(target, str):
                continue
            if target.startswith("gfx") and target.partition(":")[0] not in row["archs"]:
                sure = is_trusted(row["basis"])
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR if sure else Severity.WARNING,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY,
                    path=("gpus", index, "compute_capability"),
                    message=f"torch's wheels for ROCm {torch.rocm} have no code for {target}"
                    + ("" if sure else " (unverified)"),
                    why=f"They are built for {' '.join(row['archs'])}.",
                    fix=f"Install a build for {target}.",
                    source=source("rocm_arch_lists", row["source"]),
                    cites=(("frameworks", "torch", "rocm"),),
                )

    def _override(self, value: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.POSSIBLE,
            path=("env_vars", OVERRIDE),
            message=f"{OVERRIDE}={value[:40]} passes the GPU off as another architecture",
            why="Code for a related architecture may run or fail. A value that is not exported "
            "has no effect.",
            fix="Unset it where ROCm supports the GPU by itself; else install a build for its own architecture.",
            source="invoke-ai/InvokeAI#3967",
        )
