"""Runs sets until they are decided, within a budget, and remembers every run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from msgspec import Struct

from envsnap.bisection import effects
from envsnap.bisection.log import Log, Run
from envsnap.bisection.outcome import CANNOT_SAY, TIME_IS_UP, Outcome
from envsnap.bisection.search import Atoms, Verdict
from envsnap.bisection.sequential import Rates

MOST_OTHER = 2  # runs of a flaky set that do neither: then it is neither
ASKED_AGAIN = 4  # runs of a set that ends with a code of its own
MOST_RUNS = 5000


class SpentError(Exception):
    """The budget of time or trials is spent; the message says which."""


class Once(Protocol):
    """Makes one run of a set."""

    def once(self, bad: Iterable[int], slot: int = 0) -> Run:
        """Run the command with these atoms as on the bad side."""


class Budget(Struct, frozen=True, kw_only=True):
    """What may be spent: seconds from now on, and trials in all. None is no limit."""

    seconds: float | None = None
    trials: int | None = None


class Trials:
    """The runs of every set, and what they show.

    What the good and the bad side do is learnt from their runs; until both are known a run's
    outcome is the only thing to ask for. `tell` hears after each run.
    """

    def __init__(
        self,
        experiment: Once,
        log: Log,
        budget: Budget,
        tell: Callable[[], None] = lambda: None,
        jobs: int = 1,
    ) -> None:
        self._experiment, self._log, self._budget, self._tell = experiment, log, budget, tell
        self._jobs = jobs
        self._began = time.monotonic()
        self._logged: dict[Atoms, list[Run]] = {}
        for run in log.runs:
            self._logged.setdefault(frozenset(run.bad), []).append(run)
        self.runs: dict[Atoms, list[Run]] = {}
        self.good: set[Outcome] = set()
        self.bad: set[Outcome] = set()
        self.rates: Rates | None = None
        self.varied = False  # the bad side ends with several exit codes
        self.loose = False  # the bad side makes something else each time
        self.ends = effects.Ends()  # what either side has of each atom

    def run(self, atoms: Atoms) -> Run:
        """Make one more run of a set, or take the next one that the log holds."""
        return self._all([atoms])[0]

    def at_least(self, atoms: Atoms, runs: int) -> list[Run]:
        """A set's runs, of which there are so many; several at once where that is allowed."""
        while (missing := runs - len(self.runs.get(atoms, ()))) > 0:
            self._all([atoms] * min(missing, self._jobs))
        return self.runs[atoms]

    def ahead(self, sets: Iterable[Atoms]) -> None:
        """Run sets that will be asked for, at once; where one runs at a time, do nothing."""
        new = [atoms for atoms in dict.fromkeys(sets) if not self.runs.get(atoms)]
        if self._jobs > 1 and len(new) > 1:
            self._all(new[: self._jobs])

    def _all(self, sets: Sequence[Atoms]) -> list[Run]:
        """One more run of each; what the log holds is not run again."""
        found: list[Run | None] = []
        for atoms in sets:
            made, logged = len(self.runs.get(atoms, ())), self._logged.get(atoms, [])
            found.append(logged[made] if made < len(logged) else None)
            if made < len(logged):
                self.runs.setdefault(atoms, []).append(logged[made])
        waiting = [atoms for atoms, run in zip(sets, found, strict=True) if run is None]
        self._require_budget(waiting)
        fresh = iter(self._fresh(waiting))
        runs = [next(fresh) if run is None else run for run in found]
        self._tell()
        return runs

    def _fresh(self, sets: Sequence[Atoms]) -> list[Run]:
        if len(sets) < 2:
            runs = [self._experiment.once(atoms) for atoms in sets]
        else:
            with ThreadPoolExecutor(len(sets)) as pool:
                runs = list(pool.map(self._experiment.once, sets, range(len(sets))))
        for atoms, run in zip(sets, runs, strict=True):
            self._log.add(run)
            self.runs.setdefault(atoms, []).append(run)
        return runs

    def _require_budget(self, sets: Sequence[Atoms]) -> None:
        """Refuse further runs where they would cost more than may be spent."""
        spent, limit = time.monotonic() - self._began, self._budget
        if sets and limit.seconds is not None and spent > limit.seconds:
            raise SpentError(f"the budget of {limit.seconds:g} s is spent")
        new = sum(atoms not in self.runs for atoms in set(sets))
        if new and limit.trials is not None and self.count + new > limit.trials:
            raise SpentError(f"the budget of {limit.trials} trials is spent")

    @property
    def count(self) -> int:
        """How many sets were tried."""
        return len(self.runs)

    @property
    def seconds(self) -> float:
        """How long all runs took."""
        return sum(run.seconds for runs in self.runs.values() for run in runs)

    def one(self, outcome: Outcome) -> Verdict:
        """What one outcome is: the good side's, the bad side's, or neither."""
        if outcome.code == CANNOT_SAY:
            return Verdict.OTHER
        if outcome in self.good:
            return Verdict.GOOD
        if outcome in self.bad:
            return Verdict.BAD
        alike = self.loose and any(outcome.code == known.code for known in self.bad)
        return Verdict.BAD if alike else Verdict.OTHER

    def of(self, run: Run) -> Verdict:
        """What one run shows; one that did not have what it should decides nothing."""
        if self.ends.untaken(run.bad, run.seen):
            return Verdict.OTHER
        return self.one(run.outcome)

    def tally(self, atoms: Atoms) -> dict[Verdict, int]:
        """How many runs of a set did what."""
        found = dict.fromkeys(Verdict, 0)
        for run in self.runs.get(atoms, ()):
            found[self.of(run)] += 1
        return found

    def verdict(self, atoms: Atoms) -> Verdict:
        """Run a set until it is decided."""
        if self.rates is None:
            found = self.of(self.at_least(atoms, 1)[0])
            return self._asked_again(atoms) if found is Verdict.OTHER else found
        while True:
            decided = self._decided(atoms, self.rates)
            if decided is not None:
                return decided
            self.at_least(atoms, len(self.runs.get(atoms, ())) + self._jobs)

    def _asked_again(self, atoms: Atoms) -> Verdict:
        """What a set does that ended with another exit code than the bad side has had so far.

        Where a second run ends as the bad side does, the code varies from run to run, and this one
        is of the bad side, too.
        """
        if not _is_code(self.runs[atoms][0].outcome) or not any(map(_is_code, self.bad)):
            return Verdict.OTHER
        runs = self.at_least(atoms, ASKED_AGAIN)
        if any(self.of(run) is Verdict.BAD for run in runs):
            self.bad.update(run.outcome for run in runs if _is_code(run.outcome))
            self.varied = True
        return self.of(runs[0])

    def _decided(self, atoms: Atoms, rates: Rates) -> Verdict | None:
        found = self.tally(atoms)
        if found[Verdict.OTHER] >= MOST_OTHER and not found[Verdict.BAD]:
            return Verdict.OTHER
        if not found[Verdict.BAD] and not found[Verdict.GOOD]:
            return None
        if sum(found.values()) >= MOST_RUNS:
            return Verdict.OTHER
        return rates.verdict(found[Verdict.BAD], found[Verdict.GOOD])

    def shown(self, atoms: Atoms) -> Verdict | None:
        """What is known of a set without another run."""
        if not self.runs.get(atoms):
            return None
        if self.rates is None:
            return self.of(self.runs[atoms][0])
        return self._decided(atoms, self.rates)

    def smallest(self) -> Atoms | None:
        """The smallest set that is known to fail."""
        failing = [atoms for atoms in self.runs if self.shown(atoms) is Verdict.BAD]
        return min(failing, key=lambda atoms: (len(atoms), sorted(atoms)), default=None)


def _is_code(outcome: Outcome) -> bool:
    """Whether a run failed by an exit code alone: no exception, no signal, no time that was up."""
    return 0 < outcome.code < TIME_IS_UP and outcome.exception is None and outcome.output is None
