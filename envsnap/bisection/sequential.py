"""How often a set has to be run until it is decided, for faults that do not show every time.

Wald's sequential test: after each run the ratio of two likelihoods (this set fails as often as
the bad side, or as rarely as the good one) is compared with a bound that the allowed error sets.
"""

from __future__ import annotations

import math

from msgspec import Struct

from envsnap.bisection.search import Verdict

ERROR = 0.01  # how often a set may be misjudged, to either side
CERTAIN_AFTER = 3  # failures in a row after which a fault counts as certain
MOST_RUNS = 90  # of a bad side that does not fail: 5 % faults are missed once in a hundred times
MOST_SECONDS = 300.0
FAILURES = 6  # until the bad side's rate is known well enough
MOST_FOR_RATE = 600


class Rates(Struct, frozen=True, kw_only=True):
    """How often either side shows the fault, and how often a verdict may be wrong."""

    good: float
    bad: float
    error: float = ERROR

    def verdict(self, failures: int, passes: int) -> Verdict | None:
        """What so many runs show; None where more are needed."""
        ratio = failures * math.log(self.bad / self.good) + passes * math.log(
            (1 - self.bad) / (1 - self.good)
        )
        bound = math.log((1 - self.error) / self.error)
        if ratio >= bound:
            return Verdict.BAD
        return Verdict.GOOD if ratio <= -bound else None

    def runs_if_good(self) -> int:
        """Runs without a failure that decide for the good side."""
        bound = math.log((1 - self.error) / self.error)
        return math.ceil(bound / -math.log((1 - self.bad) / (1 - self.good)))


def rates(bad_failures: int, bad_runs: int, good_failures: int, good_runs: int) -> Rates | None:
    """Cautious rates of both sides; None where they are too close to be told apart.

    The bad side's is taken lower and the good side's higher than what was seen, by one standard
    deviation: a rate that is taken too high would call a faulty set good too early. A good side that
    never failed may still do so in half a run more than were made (Jeffreys' prior): taken for
    never, a single chance failure would convict a set.
    """
    seen = bad_failures / bad_runs
    low = seen - _deviation(seen, bad_runs) if bad_failures < bad_runs else 0.99 * seen
    high = (good_failures + 0.5) / (good_runs + 1)
    if good_failures:
        high += _deviation(good_failures / good_runs, good_runs)
    low = min(max(low, seen / 2), 0.99)
    return Rates(good=high, bad=low) if low > 2 * high else None


def hopeless(bad_failures: int, bad_runs: int, good_failures: int, good_runs: int) -> bool:
    """Whether more runs would hardly tell the sides apart."""
    bad, good = bad_failures / bad_runs, good_failures / good_runs
    least = good - _deviation(good, good_runs)
    return min(bad_runs, good_runs) >= MOST_FOR_RATE or bad < 2 * least


def _deviation(rate: float, runs: int) -> float:
    return math.sqrt(rate * (1 - rate) / runs)


def missed(runs: int) -> float:
    """The rate of a fault that so many runs would have shown with 95 % probability."""
    return 1.0 - math.pow(0.05, 1 / runs)
