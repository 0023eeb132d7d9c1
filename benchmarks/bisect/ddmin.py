"""Plain delta debugging, to compare with: no order, no closure, no memory but of equal sets."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence

from benchmarks.bisect.cases import Case

SEEDS = 25


def allowed(differences: int, culprits: int) -> int:
    """The trials that are promised: 2 ceil(log2 n) + 4 a culprit."""
    return (2 * math.ceil(math.log2(max(2, differences))) + 4) * culprits


def ddmin(test: Callable[[Sequence[int]], bool], atoms: list[int]) -> list[int]:
    """Zeller and Hildebrandt's minimising delta debugging (2002)."""
    parts = 2
    while len(atoms) >= 2:
        size = math.ceil(len(atoms) / parts)
        pieces = [atoms[start : start + size] for start in range(0, len(atoms), size)]
        for piece in pieces:
            if test(piece):
                atoms, parts = piece, 2
                break
        else:
            for piece in pieces:
                rest = [atom for atom in atoms if atom not in piece]
                if len(pieces) > 2 and test(rest):
                    atoms, parts = rest, max(parts - 1, 2)
                    break
            else:
                if parts >= len(atoms):
                    return atoms
                parts = min(len(atoms), 2 * parts)
    return atoms


def trials(case: Case, size: int) -> int:
    """How many sets ddmin tries for a fault like this one, over random places: the median.

    It has to give what bisect gives: both ends, every cause, and that undoing all of them works.
    """
    causes = [len(cause) for cause in case.culprits]
    if not causes:
        return 2
    counts = []
    for seed in range(SEEDS):
        order = random.Random(seed).sample(range(size), size)
        sets, start = [], 0
        for count in causes:
            sets.append(frozenset(order[start : start + count]))
            start += count
        counts.append(_tried(sets, size))
    return round(statistics.median(counts))


def _tried(sets: Sequence[frozenset[int]], size: int) -> int:
    """The different sets that are tried until nothing is left that fails."""
    seen: set[frozenset[int]] = {frozenset()}

    def test(atoms: Sequence[int]) -> bool:
        seen.add(frozenset(atoms))
        return any(cause <= set(atoms) for cause in sets)

    left = list(range(size))
    while test(left):
        named = set(ddmin(test, left))
        left = [atom for atom in left if atom not in named]
    return len(seen)
