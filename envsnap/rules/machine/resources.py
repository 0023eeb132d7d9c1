"""Threads, processors, memory or their limits differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from envsnap.changes.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

THREADS = ("threads", "interop_threads")
CLOSE = 0.05  # two machines of one type report other sizes of memory by less
# Above it programs that keep a table of all files they may open take much memory for it.
HUGE = 1 << 24


class Size(Struct, frozen=True, kw_only=True):
    """What one size decides, and how it is set; from `enough` on it decides nothing."""

    why: str
    fix: str
    effect: Effect = Effect.PERFORMANCE
    enough: int | None = None
    few: int = 0  # below it programs that are started anew fail
    cut: int = 0  # what is so many times less than it was kills what ran before


KILLED = Size(
    why="A program that needs more is killed, or does not start.",
    fix="Give both sides the same memory (--memory, resources.limits.memory).",
    effect=Effect.CRASH,
)
PROCESSORS = Size(
    why="It decides how many threads programs start, and their speed.",
    fix="Give both sides the same processors (--cpus, resources.limits.cpu), or set OMP_NUM_THREADS.",
)
SIZES = {
    "cpus": PROCESSORS,
    "cpus_usable": PROCESSORS,
    "memory_total": KILLED,
    "cgroup_memory_limit": replace(KILLED, cut=8),
    "cgroup_cpu_limit": PROCESSORS,
    "shm_size": Size(
        why="Workers of data loaders and NCCL share memory there: where it is full they are killed.",
        fix="Set the same size (--shm-size, a Memory volume at /dev/shm).",
        effect=Effect.CRASH,
    ),
    "open_files_limit": Size(
        why="A program that opens more files and sockets ends with: Too many open files.",
        fix="Raise it (ulimit -n, LimitNOFILE=, --ulimit nofile=).",
        effect=Effect.CRASH,
        enough=1 << 16,
    ),
    "locked_memory_limit": Size(
        why="RDMA and pinned memory count against it: where it is small they cannot allocate.",
        fix="Raise it (ulimit -l unlimited, LimitMEMLOCK=infinity, --ulimit memlock=-1).",
        effect=Effect.CRASH,
    ),
    "processes_limit": Size(
        why="More processes and threads cannot be started: Resource temporarily unavailable.",
        fix="Raise it (ulimit -u, TasksMax=, --pids-limit).",
        effect=Effect.CRASH,
        enough=1 << 14,
        few=1 << 10,
    ),
}


class Resources(Rule):
    """The number of threads, or what the machine or its limits offer, differs.

    Sums are split among threads: another number of threads gives other last bits (up to 7e-7 of the
    largest value, measured with torch 2.13 on a CPU). Limits decide whether a program is killed,
    and a small /dev/shm stops data loaders. A limit that is far from what programs use on both
    sides decides nothing.

    Fix: set the same OMP_NUM_THREADS; give containers the same limits (--shm-size, --cpus).
    """

    id = "resources"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for threads, one for each size that decides, and one for the others."""
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
                Size(
                    why="Sums are split among threads: the last bits differ.",
                    fix="Set the same OMP_NUM_THREADS on both sides.",
                    effect=Effect.NUMERICS,
                ),
            )
        others = []
        for key, size in SIZES.items():
            change = comparison.at("system", key)
            if change is None:
                continue
            if _decides(change, size):
                yield self._finding([change], f"{_title(key)}: {change.told}", size)
            else:
                others.append(change)
        if others:
            keys = ", ".join(_title(change.path[1]) for change in others)
            nothing = Size(
                why="Both sides offer enough, or nearly as much.", fix="", effect=Effect.NONE
            )
            yield self._finding(others, f"the machine offers other sizes: {keys}", nothing)

    def _finding(self, found: list[Change], message: str, size: Size) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if _is_few(found[0], size) else Severity.INFO,
            effect=size.effect,
            confidence=Confidence.POSSIBLE,
            path=found[0].path,
            message=message,
            why=size.why,
            fix=size.fix,
            changes=tuple(change.path for change in found),
        )


def _is_few(change: Change, size: Size) -> bool:
    """Whether the other side alone has so little that many programs fail there."""
    one, two = _number(change.reference), _number(change.other)
    if two is None:
        return False
    is_cut = one is not None and size.cut > 0 and size.cut * two <= one
    return is_cut or (two < size.few and (one is None or one >= size.few))


def _title(key: str) -> str:
    return key.replace("_", " ")


def _decides(change: Change, size: Size) -> bool:
    """Whether sizes are apart by more than machines of one type are, and one of them is small."""
    one, two = _number(change.reference), _number(change.other)
    if one is None or two is None:  # one side has no limit
        known = one if two is None else two
        return size.enough is None or known is None or known < size.enough
    if change.path[1] == "open_files_limit" and max(one, two) > HUGE > min(one, two):
        return True
    if size.enough is not None and min(one, two) >= size.enough:
        return False
    return abs(one - two) > CLOSE * max(one, two)


def _number(value: Any) -> float | None:
    """A size as a number; None for one that is not limited, or not stated."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
