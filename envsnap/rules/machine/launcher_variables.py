"""Variables of a launcher contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import gpus, is_known, stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

DIGITS = 9
# (the smaller, the greater, whether they may be equal): what one launcher sets for one process.
ORDERED = (
    ("RANK", "WORLD_SIZE", False),
    ("LOCAL_RANK", "LOCAL_WORLD_SIZE", False),
    ("LOCAL_WORLD_SIZE", "WORLD_SIZE", True),
    ("GROUP_RANK", "GROUP_WORLD_SIZE", False),
    ("SLURM_PROCID", "SLURM_NTASKS", False),
    ("SLURM_NODEID", "SLURM_NNODES", False),
    ("SLURM_NNODES", "SLURM_NTASKS", True),
    ("SLURM_NTASKS_PER_NODE", "SLURM_NTASKS", True),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", False),
    ("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", False),
    ("PMI_RANK", "PMI_SIZE", False),
)
# One number under two launchers' names: a script that is started by one and believes the other.
SAME = (("WORLD_SIZE", "SLURM_NTASKS"), ("RANK", "SLURM_PROCID"), ("LOCAL_RANK", "SLURM_LOCALID"),
        ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE"), ("RANK", "OMPI_COMM_WORLD_RANK"))  # fmt: skip
EACH_NEEDS_A_GPU = ("LOCAL_WORLD_SIZE", "SLURM_NTASKS_PER_NODE", "OMPI_COMM_WORLD_LOCAL_SIZE")
BY_TORCHRUN = ("TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT")


class LauncherVariables(Rule):
    """A launcher's variables contradict each other, or do not match the GPUs.

    Slurm, torchrun and MPI tell each process its rank and the number of processes. Wrong numbers
    leave processes waiting for others that never start, or leave GPUs idle. Examples: a rank beyond
    the size, fewer tasks in all than on one node, two launchers that disagree.

    Fix: ask for as many tasks as processes, and start them by one launcher.
    """

    id = "launcher-variables"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a contradiction."""
        for small, great, equal in ORDERED:
            low, high = _number(manifest, small), _number(manifest, great)
            if low is not None and high is not None and (low > high or (low == high and not equal)):
                yield self._finding(
                    _place(manifest, great),
                    f"{small}={low} and {great}={high} contradict each other",
                    (_place(manifest, small),),
                )
        if not _starts_several(manifest):
            yield from self._two_launchers(manifest)
        yield from self._too_few_gpus(manifest)

    def _two_launchers(self, manifest: Manifest) -> Iterator[Finding]:
        for one, two in SAME:
            first, second = _number(manifest, one), _number(manifest, two)
            if first is not None and second is not None and first != second:
                yield self._finding(
                    _place(manifest, one),
                    f"{one}={first}, and the launcher says {two}={second}",
                    (_place(manifest, two),),
                )

    def _too_few_gpus(self, manifest: Manifest) -> Iterator[Finding]:
        there = len(gpus(manifest))
        if not is_known(manifest, "gpus") or not there:
            return
        for name in EACH_NEEDS_A_GPU:
            if there == 1 and name != "LOCAL_WORLD_SIZE":
                continue  # schedulers can bind each task to a GPU of its own
            wanted = _number(manifest, name)
            if wanted is not None and wanted > there:
                told = f"{name}={wanted}, and the process sees {there} GPUs"
                yield self._finding(_place(manifest, name), told, (("gpus",),))

    def _finding(self, path: Path, message: str, cites: tuple[Path, ...]) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.LIKELY,
            path=path,
            message=message,
            why="Processes wait for others that never start, or fewer take part than were asked "
            "for.",
            fix="Ask for as many tasks as processes, and start them by one launcher.",
            cites=cites,
        )


def _starts_several(manifest: Manifest) -> bool:
    """Whether each task of a scheduler starts several processes, by torchrun, DeepSpeed or a script.

    Then the scheduler's numbers are those of nodes, and the inner launcher's are another's.
    """
    if any(_value(manifest, name) for name in BY_TORCHRUN):
        return True
    size = _number(manifest, "WORLD_SIZE")
    tasks = [_number(manifest, name) for name in ("SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE")]
    return any(size and count and count < size and size % count == 0 for count in tasks)


def _number(manifest: Manifest, name: str) -> int | None:
    value = (_value(manifest, name) or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) <= DIGITS else None


def _value(manifest: Manifest, name: str) -> str | None:
    of_a_rank = stated(manifest, "identity", "rank") or {}
    return variable(manifest, name) or of_a_rank.get(name)


def _place(manifest: Manifest, name: str) -> Path:
    """Where a manifest states a variable: those of a rank name this process, and nothing else."""
    of_a_rank = stated(manifest, "identity", "rank") or {}
    return ("identity", "rank", name) if name in of_a_rank else ("env_vars", name)
