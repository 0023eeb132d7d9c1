"""Determinism and precision switches differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import spelled
from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gpus, is_captured, stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
THREADS = ("threads", "interop_threads")


class Determinism(Rule):
    """A switch that decides how numbers are computed has another value.

    TF32 and reduced-precision sums keep ten bits of a product's mantissa; cudnn.benchmark chooses
    kernels by timing them; deterministic algorithms replace others. Two programs whose switches
    differ are not expected to agree.

    In one environment alone, the rule speaks where deterministic algorithms are on and cuBLAS has
    no workspace setting: its products then fail, or do not repeat over several streams.

    Fix: set the switch to the same value on both sides, at the start of the program.
    """

    id = "determinism"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        on = stated(manifest, "determinism", "deterministic_algorithms") is True
        torch = frameworks(manifest).get("torch")
        if not on or torch is None or not isinstance(torch.cuda, str) or not gpus(manifest):
            return
        if not is_captured(manifest, "env_vars") or variable(manifest, WORKSPACE) is not None:
            return
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=("env_vars", WORKSPACE),
            message=f"deterministic algorithms are on without {WORKSPACE}",
            why="cuBLAS repeats over several streams only with a fixed workspace; torch refuses "
            "without.",
            fix=f"Set {WORKSPACE}=:4096:8 before the program starts.",
            source="https://docs.pytorch.org/docs/stable/notes/randomness.html",
        )

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a switch."""
        for change in list(comparison.under("determinism")):
            key = change.path[-1]
            if key in THREADS:
                continue
            rows = [row for row in table("switches")["rows"] if row["switch"] == key]
            row: dict[str, str] = rows[0] if rows else {}
            severity = Severity(row.get("severity", "warning"))
            what = row.get("what", "it decides how numbers are computed")
            sure = is_trusted(row.get("basis"))
            yield Finding(
                rule=self.id,
                severity=severity,
                effect=Effect.NUMERICS if severity is Severity.WARNING else Effect.BEHAVIOR,
                confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
                path=change.path,
                message=f"{key}: {change.told}",
                why=f"{what[0].upper()}{what[1:]}{'' if sure else ' (unverified)'}.",
                fix=f"Set it to {spelled(change.reference)} at the start of the program."
                if change.reference is not None
                else "Set it by name on both sides.",
                source="https://docs.pytorch.org/docs/stable/notes/randomness.html",
                changes=(change.path,),
            )
