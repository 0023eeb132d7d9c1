"""What a bisection found, as it is reported and published."""

from typing import Any

from msgspec import Struct

BISECTION_VERSION = 1
PROVEN, NOT_CARRIED, UNKNOWN = "proven", "not carried", "unknown"
EXIT_CODES = {PROVEN: 0, NOT_CARRIED: 1, UNKNOWN: 6}


class End(Struct, frozen=True, kw_only=True):
    """One of the two manifests."""

    name: str
    label: str | None
    fingerprint: str


class Difference(Struct, frozen=True, kw_only=True):
    """One difference; a side without the fact has null. `place` is where `diff` ranks it."""

    path: str
    kind: str
    good: Any
    bad: Any
    place: int | None = None


class Quoted(Struct, frozen=True, kw_only=True):
    """A finding of `diff`."""

    rule: str
    severity: str
    path: str
    message: str
    why: str
    fix: str
    source: str


class Sample(Struct, frozen=True, kw_only=True):
    """What a set of atoms did: its verdict and runs, and what one run printed.

    `verdict` is good, bad or other; `told` describes the outcome. `sets` are the paths of the
    atoms that were as on the bad side, or, where `undone`, of those that were not.
    """

    sets: tuple[str, ...]
    undone: bool
    verdict: str
    runs: int
    failures: int
    told: str
    stdout: str
    stderr: str


class Cause(Struct, frozen=True, kw_only=True):
    """A set that fails by itself, shown by `proof`.

    Without a culprit it works; without a companion nothing can be said. Where `inseparable`, no
    culprit could be told from its companions.
    """

    culprits: tuple[Difference, ...]
    companions: tuple[Difference, ...]
    inseparable: bool
    proof: Sample
    findings: tuple[Quoted, ...]
    fixes: tuple[str, ...]


class Tried(Struct, frozen=True, kw_only=True):
    """One trial: how many atoms were as on the bad side, and what came of it."""

    number: int
    atoms: tuple[str, ...]
    verdict: str
    runs: int
    failures: int
    told: str


class HeldEqual(Struct, frozen=True, kw_only=True):
    """A difference that was not varied, and why."""

    path: str
    good: Any
    bad: Any
    why: str


class Measured(Struct, frozen=True, kw_only=True):
    """How often either side shows the fault; `error`: how often a verdict may be wrong."""

    good: float
    bad: float
    error: float


class Cost(Struct, frozen=True, kw_only=True):
    """What it took: sets, runs, seconds of the command, CPU seconds an environment, bytes kept."""

    trials: int
    runs: int
    seconds: float
    environments: int
    environment_cpu: float | None
    disk: int


class Plan(Struct, frozen=True, kw_only=True):
    """What would be varied, in the order of suspicion, and how many trials that may take."""

    atoms: tuple[Difference, ...]
    held: tuple[HeldEqual, ...]
    notes: tuple[str, ...]
    fewest: int
    most: int


class Bisection(Struct, frozen=True, kw_only=True):
    """The result of a bisection.

    `outcome` is proven, not carried or unknown, and `sentence` says it. `undone` is the second
    proof: the bad side with all causes undone; `needed` had to be undone with them. `smallest` is
    the smallest set known to fail where the search did not end.
    """

    bisection_version: int
    envsnap_version: str
    outcome: str
    sentence: str
    good: End
    bad: End
    command: tuple[str, ...]
    judge: str
    python: str
    atoms: tuple[Difference, ...]
    causes: tuple[Cause, ...] = ()
    undone: Sample | None = None
    needed: tuple[Difference, ...] = ()
    smallest: tuple[Difference, ...] = ()
    good_end: Sample | None = None
    bad_end: Sample | None = None
    rates: Measured | None = None
    tried: tuple[Tried, ...] = ()
    held: tuple[HeldEqual, ...] = ()
    host_findings: tuple[Quoted, ...] = ()
    notes: tuple[str, ...] = ()
    cost: Cost | None = None
    log: str | None = None

    @property
    def exit_code(self) -> int:
        """What the command ends with."""
        return EXIT_CODES[self.outcome]
