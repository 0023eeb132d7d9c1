"""Both ends first: does the good side work here, does the bad side fail, and how often."""

from __future__ import annotations

import time

from envsnap.bisection import sequential
from envsnap.bisection.outcome import CANNOT_SAY, Outcome
from envsnap.bisection.search import Atoms
from envsnap.bisection.trials import Trials

NOTHING: Atoms = frozenset()
GOOD_RUNS = 4  # before a good side that fails is given up
BIT_RUNS = 2  # of a good side that is judged by what it makes


class EndError(Exception):
    """Nothing can be decided by these ends: the good side fails here, or they are too alike."""


class BadWorksError(Exception):
    """The bad side does not fail here; `runs` says how often it was asked."""

    def __init__(self, runs: int) -> None:
        super().__init__(f"the bad side worked in {runs} runs")
        self.runs = runs


class Ends:
    """The two ends of a bisection: nothing, and everything, as on the bad side."""

    def __init__(
        self, trials: Trials, everything: Atoms, *, repeat: int | None, bits: bool
    ) -> None:
        self._trials, self._everything = trials, everything
        self._repeat, self._bits = repeat, bits

    def settle(self) -> None:
        """Run both until they are known. Raises what is wrong with them."""
        if not self._everything:
            raise BadWorksError(0)
        self._bad(self._good())
        trials = self._trials
        trials.loose = self._bits and trials.rates is None and len(trials.bad) > 1

    def _good(self) -> bool:
        """Whether the good side worked at once."""
        trials = self._trials
        runs = trials.at_least(NOTHING, BIT_RUNS if self._bits else 1)
        if self._bits:
            outcomes = {run.outcome for run in runs}
            if len(outcomes) > 1:
                raise EndError(
                    "what the good side makes differs from run to run, so it is no judge"
                )
            if runs[0].outcome.code == 0:
                trials.good = outcomes
                return True
            raise EndError(f"the good side fails here: {runs[0].outcome.told()}")
        trials.good = {Outcome(code=0)}
        if runs[0].outcome.code == 0:
            return True
        runs = trials.at_least(NOTHING, GOOD_RUNS)
        if not any(run.outcome.code == 0 for run in runs):
            raise EndError(f"the good side fails here: {runs[-1].outcome.told()}")
        return False

    def _bad(self, works: bool) -> None:
        trials, everything = self._trials, self._everything
        certain = self._repeat or sequential.CERTAIN_AFTER
        began = time.monotonic()
        while True:
            run = trials.run(everything)
            if run.outcome not in trials.good and run.outcome.code != CANNOT_SAY:
                trials.bad.add(run.outcome)
            made = trials.runs[everything]
            failures = sum(item.outcome in trials.bad for item in made)
            if failures == len(made) >= certain and works:
                return
            if failures and (failures < len(made) or not works):
                self.measure()
                return
            if not failures and run.outcome.code == CANNOT_SAY and len(made) >= GOOD_RUNS:
                raise EndError("the bad side cannot say: it ended with exit code 125")
            if not failures and self._enough(len(made), time.monotonic() - began):
                raise BadWorksError(len(made))

    def _enough(self, runs: int, seconds: float) -> bool:
        if self._repeat is not None:
            return runs >= self._repeat
        return runs >= sequential.MOST_RUNS or seconds > sequential.MOST_SECONDS

    def measure(self) -> None:
        """Learn how often both sides show the fault; from then on sets are run until decided."""
        trials, everything = self._trials, self._everything
        while True:
            bad = trials.runs[everything]
            failures = sum(run.outcome in trials.bad for run in bad)
            if failures >= sequential.FAILURES and len(bad) >= 2 * sequential.FAILURES:
                break
            if len(bad) >= sequential.MOST_FOR_RATE:
                break
            run = trials.run(everything)
            if run.outcome not in trials.good and run.outcome.code not in (0, CANNOT_SAY):
                trials.bad.add(run.outcome)
        self._rates(failures, len(bad))

    def _rates(self, failures: int, runs: int) -> None:
        trials = self._trials
        good = trials.runs[NOTHING]
        seen = sum(run.outcome in trials.bad for run in good)
        found = sequential.rates(failures, runs, seen, len(good)) if failures else None
        wanted = found.runs_if_good() if found is not None else 0
        if seen:  # a good side that fails at times has to be known as well as the bad one
            wanted = max(wanted, 2 * runs)
        good = trials.at_least(NOTHING, wanted)
        seen = sum(run.outcome in trials.bad for run in good)
        found = sequential.rates(failures, runs, seen, len(good)) if failures else None
        if found is None:
            raise EndError(
                f"the good side shows the fault in {seen} of {len(good)} runs and the bad side in"
                f" {failures} of {runs}: too close to be told apart"
            )
        trials.rates = found
