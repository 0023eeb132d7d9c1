"""Compares the features of two data sets: what a model is given now, and what it was given.

A feature has drifted where a test says so and the effect is large enough to matter: with many
rows every difference is significant, with many features one always is. p-values are multiplied by
the number of tests (Bonferroni). scipy knows the distributions (the extra `drift`).
"""

from __future__ import annotations

import math
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from envsnap.errors import InputError
from envsnap.replay.compare.verdict import Drift, Rung, Shift, Why
from envsnap.replay.esr.recording import Feature

CERTAINTY = 0.05
# The least that matters: distance of Kolmogorov and Smirnov, mean in standard deviations, share
# of missing values.
DISTANCE, MEAN, MISSING = 0.1, 0.2, 0.05
FEWEST = 20
KINDS = 3


def compare(golden: Mapping[str, Feature], other: Mapping[str, Feature]) -> Drift:
    """Compare features by name. Raises InputError without scipy."""
    try:
        from scipy import stats
    except ImportError:
        raise InputError(
            "comparing data needs scipy: install envsnap with the extra `drift`"
        ) from None
    shared = [name for name in golden if name in other]
    tests = KINDS * len(shared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a recording may hold any numbers
        shifts = [_shift(stats, name, golden[name], other[name], tests) for name in shared]
    few = min((min(golden[name].count, other[name].count) for name in shared), default=0)
    return Drift(
        features=len(shared),
        certainty=CERTAINTY,
        drifted=tuple(item for item in shifts if item.why),
        missing=tuple(name for name in golden if name not in other),
        added=tuple(name for name in other if name not in golden),
        fewest=few,
        largest=max((item.distance for item in shifts), default=0.0),
    )


def _shift(stats: Any, name: str, one: Feature, two: Feature, tests: int) -> Shift:
    apart, moved = distance(one, two), _moved(one, two)
    counts = one.count, two.count
    values = [1.0, 1.0, _missing_chance(stats, one, two)]
    if min(counts) > 1:
        size = round(counts[0] * counts[1] / sum(counts))
        values[0] = float(stats.kstwo.sf(apart, max(1, size)))
        sides = [(item.mean, item.std * math.sqrt(item.count / (item.count - 1)), item.count) for item in (one, two)]  # fmt: skip
        if one.std or two.std:
            values[1] = float(stats.ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False)[1])
        elif moved:
            values[1] = values[0]
    # What is so far apart that floats cannot tell its chance is left to the other tests.
    corrected = [min(1.0, value * tests) if math.isfinite(value) else 1.0 for value in values]
    effects = apart >= DISTANCE, abs(moved) >= MEAN, abs(two.missing - one.missing) >= MISSING
    words: tuple[Why, ...] = ("distribution", "mean", "missing")
    why: list[Why] = [
        word
        for word, effect, chance in zip(words, effects, corrected, strict=True)
        if effect and chance < CERTAINTY
    ]
    return Shift(
        name=name, distance=apart, moved=moved if math.isfinite(moved) else math.copysign(1e9, moved),
        means=(one.mean, two.mean), missing=(one.missing, two.missing), counts=counts,
        chance=min(corrected), why=tuple(why),
    )  # fmt: skip


def _moved(one: Feature, two: Feature) -> float:
    """The shift of the mean in standard deviations of the golden data."""
    apart = two.mean - one.mean
    if not (apart and one.count and two.count):
        return 0.0
    return apart / one.std if one.std else math.copysign(math.inf, apart)


def _missing_chance(stats: Any, one: Feature, two: Feature) -> float:
    """How likely two shares of missing values are, if both data sets are alike."""
    table = []
    for item in (one, two):
        whole = item.count / (1 - item.missing) if item.missing < 1 else float(FEWEST)
        table.append([float(round(whole - item.count)), float(item.count)])
    columns = [sum(row[place] for row in table) for place in (0, 1)]
    if not all(columns) or not all(sum(row) for row in table):
        return 1.0
    return float(stats.chi2_contingency(table)[1])


def distance(one: Feature, two: Feature) -> float:
    """The largest distance of two distribution functions, from their quantiles."""
    if not (one.quantiles and two.quantiles):
        return 0.0
    grid = sorted({*one.quantiles, *two.quantiles})
    return max(
        max(abs(_share(one.quantiles, x, side) - _share(two.quantiles, x, side)) for side in (0, 1))
        for x in grid
    )


def _share(quantiles: Sequence[float], x: float, side: int) -> float:
    """The share of values up to `x` (side 1) or below it (side 0), between quantiles on a line."""
    last = len(quantiles) - 1
    if x > quantiles[-1]:
        return 1.0
    if x < quantiles[0]:
        return 0.0
    low, high = bisect_left(quantiles, x), bisect_right(quantiles, x)
    if low < high:  # where many values are the same, the function jumps
        many = high - low > 1 or low in (0, last)
        if not many:
            return low / last
        return (high - 1 if side else low) / last
    left, right = quantiles[low - 1], quantiles[low]
    return (low - 1 + (x - left) / (right - left)) / last


def rung(found: Drift) -> Rung:
    """What the comparison of two data sets shows."""
    if found.missing or found.added or not found.features:
        parts = [f"missing here: {', '.join(found.missing[:6])}"] if found.missing else []
        parts += [f"only here: {', '.join(found.added[:6])}"] if found.added else []
        summary = "; ".join(parts) or "no feature in common"
        return _rung("diverged", f"other features: {summary}", found)
    if found.drifted:
        summary = f"{len(found.drifted)} of {found.features} features have drifted"
        return _rung("diverged", summary, found)
    told = f"none of {found.features} features, largest distance {found.largest:.3f}"
    if found.fewest < FEWEST:
        return _rung("undecided", f"not enough rows ({found.fewest}); {told}", found)
    return _rung("same", told, found)


def _rung(state: Literal["same", "diverged", "undecided"], summary: str, found: Drift) -> Rung:
    return Rung(
        name="drift", state=state, summary=summary, details=tuple(map(told, found.drifted[:200]))
    )


def told(item: Shift) -> str:
    """One feature that has drifted."""
    parts = [f"mean {item.means[0]:.5g} -> {item.means[1]:.5g} ({item.moved:+.2f} sigma)"]
    parts.append(f"KS distance {item.distance:.3f}")
    if "missing" in item.why:
        parts.append(f"missing {item.missing[0]:.1%} -> {item.missing[1]:.1%}")
    return f"{item.name}: {', '.join(parts)}, p {item.chance:.1e} after correction"
