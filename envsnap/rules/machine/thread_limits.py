"""More threads are asked for than the control group gives processors."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
             "TF_NUM_INTRAOP_THREADS", "RAYON_NUM_THREADS", "POLARS_MAX_THREADS")  # fmt: skip
DIGITS = 6
TOO_MANY = 2  # times the limit: one thread more costs little


class ThreadLimits(Rule):
    """There are more threads than processors that the control group allows.

    A container that may use two processors of a large host still sees all of them. Libraries start
    a thread for each; the kernel then stops them for most of every period, and a request takes many
    times as long. `cpus_usable` does not show it: the limit is a share of time.

    Fix: set OMP_NUM_THREADS (and torch's threads) to the limit.
    """

    id = "thread-limits"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding for variables, or one a framework."""
        limit = stated(manifest, "system", "cgroup_cpu_limit")
        if not isinstance(limit, int | float) or limit <= 0:
            return
        most = TOO_MANY * ceil(limit)
        found = False
        for name in VARIABLES:
            value = (variable(manifest, name) or "").strip()
            if value.isascii() and value.isdigit() and len(value) <= DIGITS and int(value) > most:
                found = True
                yield self._finding(("env_vars", name), f"{name}={value}", limit)
        for name, framework in frameworks(manifest).items():
            threads = framework.threads
            if not found and isinstance(threads, int) and threads > most:
                yield self._finding(
                    ("frameworks", name, "threads"), f"{name} uses {threads} threads", limit
                )

    def _finding(self, path: tuple[str, ...], what: str, limit: float) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.PERFORMANCE,
            confidence=Confidence.POSSIBLE,
            path=path,
            message=f"{what}, and the control group gives {limit:g} processors",
            why="The kernel stops threads that use more than their share; each step waits for "
            "the slowest.",
            fix=f"Set OMP_NUM_THREADS={max(1, ceil(limit))}.",
            cites=(("system", "cgroup_cpu_limit"),),
        )
