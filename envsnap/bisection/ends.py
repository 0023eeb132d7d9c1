"""Both ends first: does the good side work here, does the bad side fail, and how often."""

from __future__ import annotations

import time

from envsnap.bisection import effects, sequential
from envsnap.bisection.outcome import CANNOT_SAY, Outcome
from envsnap.bisection.search import Atoms
from envsnap.bisection.trials import Trials

NOTHING: Atoms = frozenset()
GOOD_RUNS = 4  # before a good side that fails is given up
LASTING = 20  # failures that were to be expected since, and none came
BIT_RUNS = 2  # of a good side that is judged by what it makes


class EndError(Exception):
    """Nothing can be decided by these ends: the good side fails here, or they are too alike."""


class GoodFailsError(EndError):
    """The good side fails here."""


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
        sides = (trials.runs[NOTHING], trials.runs[self._everything])
        good, bad = ([run.seen for run in runs] for runs in sides)
        trials.ends = effects.learnt(good, bad)
        trials.loose = self._bits and trials.rates is None and len(trials.bad) > 1

    def _good(self) -> bool:
        """Whether the good side worked at once."""
        trials = self._trials
        runs = trials.at_least(NOTHING, BIT_RUNS if self._bits else 1)
        if self._bits:
            outcomes = {run.outcome for run in runs}
            if len(outcomes) > 1:
                raise EndError(
                    "the good side's output differs from run to run, so it cannot be the judge"
                )
            if runs[0].outcome.code == 0:
                trials.good = outcomes
                return True
            raise GoodFailsError(f"the good side fails here: {runs[0].outcome.told()}")
        trials.good = {Outcome(code=0)}
        if runs[0].outcome.code == 0:
            return True
        runs = trials.at_least(NOTHING, GOOD_RUNS)
        if not any(run.outcome.code == 0 for run in runs):
            swapped = trials.run(self._everything).outcome.code == 0
            also = "; the bad side works: are GOOD and BAD the other way round?" if swapped else ""
            raise GoodFailsError(f"the good side fails here: {runs[-1].outcome.told()}{also}")
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
                raise EndError("the bad side cannot decide: it exited with 125")
            if not failures and self._enough(len(made), time.monotonic() - began):
                raise BadWorksError(len(made))

    def _enough(self, runs: int, seconds: float) -> bool:
        if self._repeat is not None:
            return runs >= self._repeat
        return runs >= sequential.MOST_RUNS or seconds > sequential.MOST_SECONDS

    def measure(self) -> None:
        """Learn how often both sides show the fault; from then on sets are run until decided.

        The bad side is run until it failed a few times, the good side as often as a set has to be
        that is cleared, and both more while their rates are too close.
        """
        self._bad_until(sequential.FAILURES)
        while True:
            counts = self._counts()
            failures, runs, seen, good = counts
            found = sequential.rates(*counts) if failures else None
            if found is not None:
                # A good side that fails at times has to be known as well as the bad one.
                wanted = max(found.runs_if_good(), 2 * runs if seen else 0)
                if good >= wanted:
                    self._trials.rates = found
                    return
                self._trials.at_least(NOTHING, wanted)
            elif not failures or sequential.hopeless(*counts):
                raise EndError(
                    f"the good side shows the fault in {seen} of {good} runs and the bad side in"
                    f" {failures} of {runs}: too close to be told apart"
                )
            elif good < runs:
                self._trials.at_least(NOTHING, runs)
            else:
                self._trials.at_least(NOTHING, 2 * good)
                self._bad_until(2 * failures)

    def _bad_until(self, failures: int) -> None:
        """Run the bad side until it failed so often, or too often to go on."""
        trials, everything = self._trials, self._everything
        while True:
            seen, runs, *_ = self._counts()
            if (seen >= failures and runs >= 2 * failures) or runs >= sequential.MOST_FOR_RATE:
                return
            self._require_lasting()
            run = trials.run(everything)
            if run.outcome not in trials.good and run.outcome.code not in (0, CANNOT_SAY):
                trials.bad.add(run.outcome)

    def _require_lasting(self) -> None:
        """Refuse a fault that only the first runs had: then a run leaves behind what decides."""
        failed = [run.outcome in self._trials.bad for run in self._trials.runs[self._everything]]
        if not any(failed):
            return
        first = len(failed) - failed[::-1].index(True)
        since, count = len(failed) - first, sum(failed)
        if since * count >= LASTING * first:
            raise EndError(
                f"the bad side failed in {count} of its first {first} runs and in none of the {since}"
                " since: what a run leaves behind decides, as a warm cache or a service does"
            )

    def _counts(self) -> tuple[int, int, int, int]:
        """Failures and runs of the bad side, then of the good one."""
        trials = self._trials
        sides = (trials.runs[self._everything], trials.runs[NOTHING])
        bad, good = (sum(run.outcome in trials.bad for run in runs) for runs in sides)
        return bad, len(sides[0]), good, len(sides[1])
