"""GPUs differ in model or number."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.knowledge.gpus import architecture
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import gpus, is_known, names_all
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

MEMORY = {"memory_total", "memory_bus_width"}
# The first compute capability whose tensor cores have a format (CUDA C++ Programming Guide).
FORMATS = (("float16 tensor cores", (7, 0)), ("bfloat16 and TF32", (8, 0)), ("FP8", (8, 9)))
MODEL = ("name", "compute_capability", "sm_count", "cores", "memory_total", "memory_bus_width")

SLICE = " MIG "  # in the name of an instance: NVIDIA A100-SXM4-80GB MIG 2g.20gb


class GpuModel(Rule):
    """The GPUs are of another model, or there are more or fewer of them.

    Another architecture runs other kernels, whose sums differ in the last bits; the number of
    multiprocessors decides how work is split. Fewer GPUs change how a model is sharded, or
    whether it fits.

    Fix: run on the reference's model; where that cannot be, compare outputs with a tolerance.
    """

    id = "gpu-model"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the number of GPUs and one a model that differs."""
        names = _names(comparison.reference), _names(comparison.other)
        if names[0] is None or names[1] is None:
            return
        changes = list(comparison.under("gpus"))
        all_told = all(names_all(side, "gpus") for side in (comparison.reference, comparison.other))
        if all_told and len(names[0]) != len(names[1]):
            whole = tuple(change.path for change in changes if len(change.path) == 2)
            yield self._count(names[0], names[1], whole)
        models: dict[tuple[str, str], list[Change]] = {}
        for change in changes:
            if len(change.path) == 3 and change.path[2] in MODEL:
                index = change.path[1]
                pair = names[0].get(index, "?"), names[1].get(index, "?")
                models.setdefault(pair, []).append(change)
        for (reference, other), found in models.items():
            yield self._model(reference, other, found, _lost(comparison, found[0].path[1]))

    def _count(
        self, reference: dict[str, str], other: dict[str, str], paths: tuple[Path, ...]
    ) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.ERROR if not other else Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=("gpus",),
            message=f"{len(reference)} GPU{_s(reference)} -> {len(other)}",
            why="Models are split, batched or placed otherwise; without a GPU they run on the CPU.",
            fix="Give the process the same GPUs (CUDA_VISIBLE_DEVICES, container flags, MIG).",
            changes=paths,
        )

    def _memory(self, name: str, found: list[Change]) -> Finding:
        first = found[0]
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=first.path,
            message=f"{name}: other memory ({', '.join(change.path[2] for change in found)})",
            why="The same kernels run; what fits, and how large batches may be, differs.",
            fix="Size batches and caches for the smaller one.",
            changes=tuple(change.path for change in found),
        )

    def _slice(self, reference: str, other: str, found: list[Change]) -> Finding:
        sizes = [change for change in found if change.path[2] == "memory_total"]
        size = f" ({_gib(sizes[0].reference)} -> {_gib(sizes[0].other)})" if sizes else ""
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=found[0].path,
            message=f"GPU {reference} -> {other}",
            why=f"It is a slice of a GPU, with less memory{size} and fewer multiprocessors. Work is"
            " split otherwise, so the last bits can differ, too.",
            fix="Give the process a whole GPU or a larger slice, or size batches and caches for this one.",
            source="https://docs.nvidia.com/datacenter/tesla/mig-user-guide/",
            changes=tuple(change.path for change in found),
        )

    def _model(self, reference: str, other: str, found: list[Change], lost: str) -> Finding:
        first = found[0]
        same = reference == other
        if {change.path[2] for change in found} <= MEMORY:
            return self._memory(reference, found)
        if SLICE in other and SLICE not in reference:
            return self._slice(reference, other, found)
        less = _less_memory(found)
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.POSSIBLE if same else Confidence.LIKELY,
            path=first.path,
            message=(
                f"{reference}: {', '.join(change.path[2] for change in found)} differ"
                if same
                else f"GPU {reference} -> {other}"
            ),
            why="Another model runs other kernels and splits work otherwise; the last bits differ."
            + lost
            + less,
            fix="Run on the same model, or "
            + ("size batches and caches for its memory, and " if less else "")
            + "compare outputs with a tolerance.",
            changes=tuple(change.path for change in found),
        )


def _less_memory(found: list[Change]) -> str:
    """How much memory the other one has, where that is less; empty: it is not, or nobody knows."""
    for change in found:
        one, two = change.reference, change.other
        if change.path[2] == "memory_total" and isinstance(one, int) and isinstance(two, int):
            return f" It has {_gib(two)} of memory, the reference {_gib(one)}." if two < one else ""
    return ""


def _gib(size: object) -> str:
    return f"{size / (1 << 30):.0f} GiB" if isinstance(size, int) else "unknown"


def _s(names: dict[str, str]) -> str:
    return "" if len(names) == 1 else "s"


def _lost(comparison: Comparison, index: str) -> str:
    """Number formats that one of two GPUs has and the other one lacks."""
    known = [gpus(side).get(index) for side in (comparison.reference, comparison.other)]
    rows = [architecture(gpu.compute_capability, gpu.name) for gpu in known if gpu is not None]
    if len(rows) < 2 or rows[0] is None or rows[1] is None:
        return ""
    have = [numbers(row["compute_capability"]) for row in rows if row]
    lost = [name for name, first in FORMATS if have[1] < first <= have[0]]
    new = [name for name, first in FORMATS if have[0] < first <= have[1]]
    told = f" It has no {' and no '.join(lost)}." if lost else ""
    return told + (f" It has {' and '.join(new)}, which the reference has not." if new else "")


def _names(manifest: Manifest) -> dict[str, str] | None:
    """GPU names by index; None where the GPUs are unknown."""
    if not is_known(manifest, "gpus"):
        return None
    return {
        index: gpu.name if isinstance(gpu.name, str) else "?"
        for index, gpu in gpus(manifest).items()
    }
