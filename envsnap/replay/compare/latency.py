"""Compares how long the same call takes in two runs, and how often it fails.

A quantile is slower only where a bootstrap interval of the ratio lies above the threshold, and
fine only where it lies below: in between, or with fewer than ten requests beyond the quantile,
there were not enough requests. The error rate's bound is the rule of three.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from envsnap.replay.compare.verdict import Latency, Quantile, Speed
from envsnap.replay.esr.recording import Repeats

QUANTILES = (0.5, 0.95, 0.99)
THRESHOLD = 0.10
ROUNDS = 300
MOST = 10_000
FEWEST_BEYOND = 10


def compare(golden: Repeats, other: Repeats) -> Latency:
    """Compare the repeated calls of two runs."""
    left, right = sorted(golden.seconds[:MOST]), sorted(other.seconds[:MOST])
    quantiles = tuple(_quantile(share, left, right) for share in QUANTILES if left and right)
    verdicts = {item.verdict for item in quantiles}
    verdict: Speed = "not enough requests"
    if "slower" in verdicts:
        verdict = "slower"
    elif quantiles and verdicts == {"not slower"}:
        verdict = "not slower"
    return Latency(
        threshold=THRESHOLD,
        quantiles=quantiles,
        requests=(len(golden.seconds) + golden.errors, len(other.seconds) + other.errors),
        errors=(golden.errors, other.errors),
        error_bounds=(_bound(golden), _bound(other)),
        verdict=verdict,
    )


def _quantile(share: float, left: Sequence[float], right: Sequence[float]) -> Quantile:
    generator = random.Random(251)  # noqa: S311
    ratios = sorted(
        _at(sorted(generator.choices(right, k=len(right))), share)
        / (_at(sorted(generator.choices(left, k=len(left))), share) or 1e-9)
        for _ in range(ROUNDS)
    )
    low, high = _at(ratios, 0.025), _at(ratios, 0.975)
    enough = min(len(left), len(right)) * (1 - share) >= FEWEST_BEYOND
    verdict: Speed = "not enough requests"
    if enough and low > 1 + THRESHOLD:
        verdict = "slower"
    elif enough and high < 1 + THRESHOLD:
        verdict = "not slower"
    return Quantile(
        share=share, golden=_at(left, share), other=_at(right, share), low=low, high=high,
        verdict=verdict,
    )  # fmt: skip


def _at(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of the others lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _bound(repeats: Repeats) -> float:
    """An error rate that is not exceeded with 95 % certainty."""
    count = len(repeats.seconds) + repeats.errors
    if not count:
        return 1.0
    if not repeats.errors:
        return min(1.0, 3 / count)
    rate = repeats.errors / count
    return min(1.0, rate + 1.96 * math.sqrt(rate * (1 - rate) / count) + 1 / count)


def failed_or_slow(found: Latency) -> bool:
    """Whether a model got slower, or fails where it did not."""
    here, there = found.errors
    return found.verdict == "slower" or (there > 0 and here == 0)


def speed(found: Latency) -> str:
    """Quantiles with their ratios, and errors."""
    parts = [
        f"p{round(item.share * 100)} {item.golden * 1e3:.3g} -> {item.other * 1e3:.3g} ms"
        f" ({item.low:.2f} to {item.high:.2f} times, {item.verdict})"
        for item in found.quantiles
    ]
    here, there = found.errors
    bound = found.error_bounds[1]
    parts.append(f"errors {here} -> {there} of {found.requests[1]} (at most {bound:.1%})")
    return "; ".join(parts)
