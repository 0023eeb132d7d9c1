"""Where in the order a fault that does not always show begins, by Bayes' rule.

The prefixes of the order are a chain: up to some length they do not have the culprit, from there
on they do. What is believed of that length starts from the order and changes with every run, and
the prefix whose next run is expected to tell the most is run next. It assumes one culprit: what it
answers is a suspect, and no proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from itertools import accumulate

from envsnap.bisection.search import Verdict
from envsnap.bisection.sequential import Rates

ENOUGH = 0.95  # belief in one length at which it is answered
PATIENCE = 12  # times the runs that decide one set without a fault
NEARLY = 0.8  # of the most telling: a prefix that has run already needs no new environment

Run = Callable[[int], Verdict]


def likeliest(run: Run, length: int, rates: Rates) -> int | None:
    """The shortest prefix, of `length` atoms at most, that has the culprit.

    `run` makes one run of a prefix. None where no length is believed in after many runs.
    """
    belief = _normal([1 / (place + 1) for place in range(1, length + 1)])
    usable = [
        True
    ] * length  # the whole is known to fail, and a prefix that cannot say tells nothing
    usable[-1] = False
    ran: set[int] = set()
    for _ in range(PATIENCE * rates.runs_if_good()):
        if max(belief) >= ENOUGH:
            break
        place = _most_telling(belief, usable, rates, ran)
        if place is None:
            break
        ran.add(place)
        verdict = run(place + 1)
        if verdict is Verdict.OTHER:
            usable[place] = False
            continue
        belief = _after(belief, place, rates, fails=verdict is Verdict.BAD)
    best = max(belief)
    return belief.index(best) + 1 if best >= 0.5 else None


def _after(belief: list[float], place: int, rates: Rates, *, fails: bool) -> list[float]:
    """What is believed after one run of the prefix that ends at `place`."""
    with_it = rates.bad if fails else 1 - rates.bad
    without = rates.good if fails else 1 - rates.good
    return _normal(
        [part * (with_it if number <= place else without) for number, part in enumerate(belief)]
    )


def _most_telling(
    belief: list[float], usable: list[bool], rates: Rates, ran: Collection[int]
) -> int | None:
    """The prefix whose next run is expected to lessen the doubt the most, or nearly so."""
    gains = [
        _gain(mass, rates) if use else -1.0
        for mass, use in zip(accumulate(belief), usable, strict=True)
    ]
    best = max(gains, default=-1.0)
    if best <= 0:
        return None
    known = max((place for place in ran if usable[place]), key=gains.__getitem__, default=None)
    if known is not None and gains[known] >= NEARLY * best:
        return known
    return gains.index(best)


def _gain(mass: float, rates: Rates) -> float:
    """Expected information of a run, in bits; `mass` is the belief that its prefix fails."""
    chance = mass * rates.bad + (1 - mass) * rates.good
    return _entropy(chance) - mass * _entropy(rates.bad) - (1 - mass) * _entropy(rates.good)


def _entropy(chance: float) -> float:
    if chance <= 0 or chance >= 1:
        return 0.0
    return -chance * math.log2(chance) - (1 - chance) * math.log2(1 - chance)


def _normal(parts: list[float]) -> list[float]:
    total = sum(parts)
    return [part / total for part in parts]
