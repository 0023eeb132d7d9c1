"""What is said of a fleet: the state of every host, its kinds, and what makes the odd ones odd."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from envsnap.fleet.kinds import Noise
from envsnap.model.paths import Path
from envsnap.rules.finding import Finding, Severity

State = Literal["same", "drifted", "unknown", "missing"]
STATES: tuple[State, ...] = ("same", "drifted", "unknown", "missing")


class KindVerdict(Struct, frozen=True, kw_only=True):
    """One kind of hosts: its state, and what its hosts have in common.

    `findings` are against the reference, or without one against the largest kind; `unknown` maps
    facts that its hosts could not tell to the reason. `judged` is False where there were too many
    kinds to ask the rules about each.
    """

    name: str
    state: State
    hosts: tuple[str, ...]
    cohort: str
    is_reference: bool = False
    findings: tuple[Finding, ...] = ()
    unknown: dict[Path, str] = {}
    judged: bool = True

    def worst(self) -> Severity | None:
        """The severity of its worst finding."""
        return min((found.severity for found in self.findings), key=_rank, default=None)


class Silent(Struct, frozen=True, kw_only=True):
    """Hosts without an answer: unknown, with a reason, or missing."""

    state: State
    reason: str
    hosts: tuple[str, ...]


class Cohort(Struct, frozen=True, kw_only=True):
    """Hosts that are compared with each other, and with what."""

    name: str
    hosts: int
    reference: str  # a sentence


class Verdict(Struct, frozen=True, kw_only=True):
    """All of it. `states` counts every host once, and always has all four.

    `notes` are sentences for the reader: what a policy did, hosts that answered twice.
    """

    states: dict[State, int]
    cohorts: tuple[Cohort, ...]
    kinds: tuple[KindVerdict, ...]
    silent: tuple[Silent, ...]
    noise: tuple[Noise, ...]
    notes: tuple[str, ...] = ()

    def worst(self) -> Severity | None:
        """The severity of the worst finding of all."""
        found = (worst for kind in self.kinds if (worst := kind.worst()))
        return min(found, key=_rank, default=None)

    def is_unsure(self) -> bool:
        """Whether any host is unknown or missing, or there is none at all."""
        return bool(
            self.states["unknown"] or self.states["missing"] or not any(self.states.values())
        )


def _rank(severity: Severity) -> int:
    return severity.rank
