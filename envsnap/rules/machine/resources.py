"""Threads, processors, memory or their limits differ."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

SIZES = (
    "cpus",
    "cpus_usable",
    "memory_total",
    "cgroup_memory_limit",
    "cgroup_cpu_limit",
    "shm_size",
    "open_files_limit",
    "locked_memory_limit",
    "processes_limit",
)
THREADS = ("threads", "interop_threads")


class Resources(Rule):
    """The number of threads, or what the machine or its limits offer, differs.

    Sums are split among threads: another number of threads gives other last bits (up to 7e-7 of the
    largest value, measured with torch 2.13 on a CPU). Limits decide whether a program is killed,
    and a small /dev/shm stops data loaders.

    Fix: set the same OMP_NUM_THREADS; give containers the same limits (--shm-size, --cpus).
    """

    id = "resources"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for threads and one for sizes."""
        threads = [
            change
            for change in (*comparison.under("frameworks"), *comparison.under("determinism"))
            if change.path[-1] in THREADS
        ]
        if threads:
            yield self._finding(
                threads,
                f"threads of {threads[0].path[1]}: {threads[0].told}"
                if threads[0].path[0] == "frameworks"
                else f"threads: {threads[0].told}",
                "Sums are split among threads: the last bits differ.",
                Effect.NUMERICS,
            )
        sizes = [change for key in SIZES if (change := comparison.at("system", key))]
        if sizes:
            keys = ", ".join(change.path[1] for change in sizes)
            yield self._finding(
                sizes,
                f"the machine offers other sizes: {keys}",
                "They decide speed, and whether a program is killed.",
                Effect.PERFORMANCE,
            )

    def _finding(self, found: list[Change], message: str, why: str, effect: Effect) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=effect,
            confidence=Confidence.POSSIBLE,
            path=found[0].path,
            message=message,
            why=why,
            fix="Set the same OMP_NUM_THREADS on both sides." if effect is Effect.NUMERICS else "",
            changes=tuple(change.path for change in found),
        )
