"""Processors, or the instruction sets that frameworks chose, differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

MODEL = ("cpu", "cpu_vendor", "cpu_family", "cpu_model", "cpu_stepping")
# Flags that decide which kernels math libraries choose.
DECISIVE = (
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512bw",
    "avx512vl",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "avx_vnni",
    "asimd",
    "sve",
    "sve2",
    "bf16",
    "i8mm",
)


class Processor(Rule):
    """The CPU's instruction sets differ, or a framework chose another level.

    Math libraries choose kernels by instruction set. Measured with torch 2.13 on a CPU: capping the
    level changes sums by up to 4e-5 and bfloat16 products by 2e-3, relative to the largest value.
    Without AVX2 even `torch.randn` gives other numbers for one seed. Deterministic algorithms do
    not help: they are deterministic for one processor.

    Fix: compare on equal CPUs, or cap both sides at the same level (ATEN_CPU_CAPABILITY,
    ONEDNN_MAX_CPU_ISA, MKL_ENABLE_INSTRUCTIONS), and compare with a tolerance.
    """

    id = "processor"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for flags and levels, or one for the model alone."""
        flags = comparison.at("system", "cpu_flags")
        levels = [
            change
            for change in comparison.under("frameworks")
            if len(change.path) == 3
            and change.path[2] == "cpu_capability"
            and comparison.at("frameworks", change.path[1], "version") is None
        ]
        models = [change for key in MODEL if (change := comparison.at("system", key))]
        microcode = comparison.at("system", "microcode")
        if microcode is not None and not (models or flags or levels):
            yield self._microcode(microcode)
            return
        models += [microcode] if microcode is not None else []
        decisive = _decisive(flags)
        if decisive or levels:
            yield self._kernels(decisive, flags, levels, models)
        elif flags or models:
            yield self._model(flags, models, known=_flags_known(comparison))

    def _kernels(
        self, decisive: list[str], flags: Change | None, levels: list[Change], models: list[Change]
    ) -> Finding:
        first = levels[0] if levels else flags
        assert first is not None
        level = "; ".join(f"{item.path[1]} kernels: {item.told}" for item in levels)
        text = f"CPU instruction sets differ: {', '.join(decisive)}" if decisive else ""
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=first.path,
            message="; ".join(part for part in (level, text) if part),
            why="Other kernels: other last bits, and other random numbers where AVX2 is missing.",
            fix="Compare on equal CPUs, or cap both at the same level (ATEN_CPU_CAPABILITY, "
            "ONEDNN_MAX_CPU_ISA).",
            source="measured with torch 2.13.0 (pytorch/pytorch#155423 asks about the same)",
            changes=tuple(item.path for item in (*levels, *([flags] if flags else []), *models)),
        )

    def _microcode(self, change: Change) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"the CPU's microcode: {change.told}",
            why="It is the same CPU: microcode mends its errors, and chooses no kernels.",
            changes=(change.path,),
        )

    def _model(self, flags: Change | None, models: list[Change], *, known: bool) -> Finding:
        found = [*models, *([flags] if flags else [])]
        return Finding(
            rule=self.id,
            severity=Severity.INFO if known else Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.POSSIBLE,
            path=found[0].path,
            message=(
                "the CPU is another model with the same instruction sets"
                if known
                else f"the CPU differs ({found[0].path[1]}): {found[0].told}"
            ),
            why=(
                "Kernels are chosen by instruction set; block sizes may depend on caches."
                if known
                else "Its instruction sets are not known on both sides; they choose the kernels."
            ),
            fix="" if known else "Capture both with envsnap, which reads the instruction sets.",
            changes=tuple(item.path for item in found),
        )


def _decisive(flags: Change | None) -> list[str]:
    """Flags that one side has and the other lacks, among those that choose kernels."""
    if flags is None or not isinstance(flags.reference, list) or not isinstance(flags.other, list):
        return []
    return sorted(set(flags.reference).symmetric_difference(flags.other) & set(DECISIVE))


def _flags_known(comparison: Comparison) -> bool:
    """Tell whether both sides' instruction sets were captured."""
    sides = (comparison.reference, comparison.other)
    return all(stated(side, "system", "cpu_flags") is not None for side in sides)
