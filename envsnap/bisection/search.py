"""Which sets to try: suspects first, then prefixes of the order that halve what is believed.

A set is a frozenset of atoms, as numbers in the order of suspicion: these atoms are as on the bad
side, all others as on the good side. The empty set works and the whole set fails; both are known.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import accumulate, combinations

from msgspec import Struct

from envsnap.bisection.requirements import Implications

Atoms = frozenset[int]

SINGLES = 3  # suspects at most that are tried alone before any prefix
ALONE = 0.34  # a suspect that holds so much of what is believed is tried alone
ANYWHERE = 0.1  # what is believed of any place, beside what its rank gives
MOST_COMBINED = 6  # atoms of which all pairs and triples are tried
MOST_TOGETHER = 3  # atoms that are tried to be spared at once
GROWTH = 3  # by how much the next length to undo is longer


class Verdict(StrEnum):
    """What a set of atoms does."""

    GOOD = "good"  # what the good side does
    BAD = "bad"  # what the bad side does
    OTHER = "other"  # neither, or it cannot be said


Judge = Callable[[Atoms], Verdict]


class Cause(Struct, frozen=True, kw_only=True):
    """A set that fails by itself.

    Without a culprit the rest works. Without a companion nothing can be said: what is left does
    neither what the good nor what the bad side does. `inseparable`: there are companions only.
    """

    culprits: Atoms
    companions: Atoms

    @property
    def all(self) -> Atoms:
        """Every atom of it."""
        return self.culprits | self.companions

    @property
    def inseparable(self) -> bool:
        """Whether no member's removal is decided."""
        return not self.culprits


def find(
    judge: Judge,
    suspects: Sequence[int],
    needs: Implications,
    ties: Mapping[int, int] | None = None,
) -> Cause:
    """Find a minimal set among `suspects` that fails by itself; all of them together fail.

    `ties` has the suspects that are suspected as much as others, with what they have in common.
    """
    ties = ties or {}
    core = _single(judge, suspects, needs, ties)
    if core is None:
        core = _kept(judge, list(suspects), needs, ties)
    kept = needs.forward(core) & frozenset(suspects)
    return _split(judge, _freed(judge, core, kept))


def leading(suspects: Sequence[int], ties: Mapping[int, int]) -> Sequence[int]:
    """The first suspects, as far as the order speaks for each of them."""
    count = 0
    while count < min(SINGLES, len(suspects)) and suspects[count] not in ties:
        count += 1
    return suspects[:count]


def _single(
    judge: Judge, suspects: Sequence[int], needs: Implications, ties: Mapping[int, int]
) -> Atoms | None:
    """The first suspects alone: where the order is right nothing else has to be tried."""
    allowed = frozenset(suspects)
    for suspect in leading(suspects, ties):
        if judge(needs.forward([suspect]) & allowed) is Verdict.BAD:
            return frozenset([suspect])
    return None


def _kept(judge: Judge, suspects: list[int], needs: Implications, ties: Mapping[int, int]) -> Atoms:
    """Keep, one after the other, the last atom of the shortest prefix that fails."""
    allowed = frozenset(suspects)
    upto = _beliefs(suspects, ties)

    def fails(places: Iterable[int], kept: Atoms = frozenset()) -> bool:
        tried = needs.forward([*kept, *(suspects[place] for place in places)]) & allowed
        return judge(tried) is Verdict.BAD

    low, end = _believed(fails, upto, len(leading(suspects, ties)))
    if fails([end - 1]):
        return frozenset([suspects[end - 1]])
    kept: Atoms = frozenset()
    while end:

        def longer(length: int, kept: Atoms = kept) -> bool:
            return fails(range(length), kept)

        last = _halved(longer, upto, low, end) - 1
        kept, low, end = kept | {suspects[last]}, 0, last
        if fails((), kept):
            break
    return kept


def _believed(
    fails: Callable[[Iterable[int]], bool], upto: Sequence[float], tried: int
) -> tuple[int, int]:
    """Where a single culprit lies, if there is one: its prefix, and the longest that works.

    The first places were `tried` alone. A place that holds much of what is left is tried alone, which is its proof as well; otherwise the prefix that holds half. A place that works
    alone may be part of a larger set all the same, so it makes no prefix work.
    """
    end = len(upto) - 1
    works, low, high = 0, min(tried, end - 1), end
    while high - low > 1:
        if upto[low + 1] - upto[low] >= ALONE * (upto[high] - upto[low]):
            if fails([low]):
                return works, low + 1
            low += 1
            continue
        half = _half(upto, low, high)
        if fails(range(half)):
            high = half
        else:
            works = low = half
    return works, high


def _halved(holds: Callable[[int], bool], upto: Sequence[float], low: int, high: int) -> int:
    """The shortest length that holds, by halves of what is believed; `high` holds, `low` not."""
    while high - low > 1:
        half = _half(upto, low, high)
        if holds(half):
            high = half
        else:
            low = half
    return high


def _beliefs(suspects: Sequence[int], ties: Mapping[int, int]) -> list[float]:
    """What is believed of the places before each length.

    Belief falls with the place, and slowly: a culprit that the order does not know may be anywhere.
    Those that are tied share what their places hold.
    """
    alone = [1 / place + ANYWHERE for place in range(1, len(suspects) + 1)]
    shared: dict[int, list[float]] = {}
    for suspect, belief in zip(suspects, alone, strict=True):
        if suspect in ties:
            shared.setdefault(ties[suspect], []).append(belief)
    means = {tie: sum(parts) / len(parts) for tie, parts in shared.items()}
    return [
        0.0,
        *accumulate(
            means[ties[suspect]] if suspect in ties else belief
            for suspect, belief in zip(suspects, alone, strict=True)
        ),
    ]


def _half(upto: Sequence[float], low: int, high: int) -> int:
    """The length between two that halves what is believed of the places between them."""
    return bisect_left(upto, (upto[low] + upto[high]) / 2, low + 1, high - 1)


def _shortest(holds: Callable[[int], bool], end: int) -> int:
    """The shortest length that holds, by longer and longer ones and then by halves.

    `end` is known to hold, none not to.
    """
    low, high = 0, end
    length = SINGLES * GROWTH
    while length < end:
        if holds(length):
            high = length
            break
        low, length = length, length * GROWTH
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _freed(judge: Judge, core: Atoms, kept: Atoms) -> Atoms:
    """Take out what requirements brought along, where it can be spared."""
    if kept == core or judge(core) is Verdict.BAD:
        return core
    needed = _needed(lambda extra: judge(core | extra) is Verdict.BAD, kept - core)
    return core | needed


def _needed(holds: Callable[[Atoms], bool], atoms: Atoms) -> Atoms:
    """A part of `atoms` that still holds and of which nothing can be spared, found by halves."""
    needed = set(atoms)
    size = (len(needed) + 1) // 2
    while needed and size:
        waiting = sorted(needed, reverse=True)  # the least suspected first
        for start in range(0, len(waiting), size):
            rest = needed - set(waiting[start : start + size])
            if holds(frozenset(rest)):
                needed = rest
        size = (size + 1) // 2 if size > 1 else 0
    return frozenset(needed)


def _split(judge: Judge, kept: Atoms) -> Cause:
    """Take out what can be spared, and tell culprits from companions."""
    left = _one_by_one(judge, kept)
    undecided = _undecided(judge, left)
    while (spared := _together(judge, left, undecided)) is not None:
        left = left - spared
        undecided = _undecided(judge, left)
    return Cause(culprits=left - undecided, companions=undecided)


def _together(judge: Judge, left: Atoms, undecided: Atoms) -> Atoms | None:
    """Some that can be spared together, though not one by one: all, or a few."""
    if undecided and undecided < left and judge(left - undecided) is Verdict.BAD:
        return undecided
    if len(undecided) > MOST_COMBINED:
        return None
    for size in range(2, min(MOST_TOGETHER, len(undecided) - 1) + 1):
        for group in map(frozenset, combinations(sorted(undecided, reverse=True), size)):
            if judge(left - group) is Verdict.BAD:
                return group
    return None


def _one_by_one(judge: Judge, left: Atoms) -> Atoms:
    """Take out each atom that can be spared, the least suspected first."""
    for atom in sorted(left, reverse=True):
        if len(left) > 1 and judge(left - {atom}) is Verdict.BAD:
            left = left - {atom}
    return left


def _undecided(judge: Judge, left: Atoms) -> Atoms:
    """The atoms without which nothing can be said."""
    if len(left) == 1:
        return frozenset()
    return frozenset(atom for atom in left if judge(left - {atom}) is Verdict.OTHER)


class Undone(Struct, frozen=True, kw_only=True):
    """What was undone on the bad side, and what that does; `extra` had to be undone as well."""

    atoms: Atoms
    extra: Atoms
    verdict: Verdict


def undo(
    judge: Judge, everything: Atoms, cause: Atoms, order: Sequence[int], needs: Implications
) -> Undone:
    """Undo a cause on the bad side; what it needs is undone with it where it has to be.

    The cause alone first: few declared requirements really break, and then it is all.
    """
    closed = needs.backward(cause)
    extra = closed - cause
    plain = judge(everything - cause)
    if not extra and plain is not Verdict.OTHER:
        return Undone(atoms=cause, extra=frozenset(), verdict=plain)
    verdict = judge(everything - closed) if plain is not Verdict.GOOD else plain
    if verdict is Verdict.OTHER:
        return _undo_more(judge, everything, closed, cause, order, needs)
    if plain is verdict:
        return Undone(atoms=cause, extra=frozenset(), verdict=verdict)
    return Undone(atoms=closed, extra=extra, verdict=verdict)


def _undo_more(
    judge: Judge,
    everything: Atoms,
    closed: Atoms,
    cause: Atoms,
    order: Sequence[int],
    needs: Implications,
) -> Undone:
    """Undo more and more besides, nearest first, until something can be said."""
    others = [atom for atom in needs.nearest(cause, order) if atom not in closed]

    def undone(length: int) -> Atoms:
        return needs.backward([*closed, *others[:length]])

    def decided(length: int) -> bool:
        return judge(everything - undone(length)) is not Verdict.OTHER

    if not others:
        return Undone(atoms=closed, extra=closed - cause, verdict=Verdict.OTHER)
    atoms = undone(_shortest(decided, len(others)))
    atoms = cause | _needed(
        lambda extra: judge(everything - cause - extra) is not Verdict.OTHER, atoms - cause
    )
    return Undone(atoms=atoms, extra=atoms - cause, verdict=judge(everything - atoms))
