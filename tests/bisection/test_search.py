"""Which sets are tried, on models of faults that nobody has looked at."""

from __future__ import annotations

import math
from random import Random

import pytest

from envsnap.bisection import search
from envsnap.bisection.requirements import Implications
from envsnap.bisection.search import Atoms, Cause, Verdict


class Model:
    """A fault among differences: sets that suffice, and pairs that only work together."""

    def __init__(
        self, size: int, causes: list[set[int]], conflicts: list[tuple[int, int]] | None = None
    ) -> None:
        self.size, self.causes = size, [frozenset(cause) for cause in causes]
        self.conflicts = conflicts or []
        self.tried: dict[Atoms, Verdict] = {}

    def judge(self, atoms: Atoms) -> Verdict:
        """What a set does; equal sets are one trial."""
        if atoms not in self.tried:
            broken = any((one in atoms) != (other in atoms) for one, other in self.conflicts)
            fails = any(cause <= atoms for cause in self.causes)
            verdict = Verdict.BAD if fails else Verdict.GOOD
            self.tried[atoms] = Verdict.OTHER if broken else verdict
        return self.tried[atoms]

    def bisect(self, needs: Implications | None = None) -> tuple[list[Cause], Verdict]:
        """Every cause, and what undoing all of them gives; both ends count as trials."""
        needs = needs or Implications()
        everything = frozenset(range(self.size))
        self.judge(frozenset())
        self.judge(everything)
        left, found = everything, []
        while True:
            cause = search.find(self.judge, sorted(left), needs)
            found.append(cause)
            undone = search.undo(self.judge, left, cause.all, sorted(left), needs)
            left = left - undone.atoms
            if undone.verdict is not Verdict.BAD:
                return found, undone.verdict


def bound(size: int) -> int:
    """What is promised for one culprit."""
    return 2 * math.ceil(math.log2(size)) + 4


@pytest.mark.parametrize("size", [1, 2, 3, 9, 10, 20, 60, 200])
def test_every_single_culprit_is_found_within_the_bound(size: int) -> None:
    for culprit in range(size):
        model = Model(size, [{culprit}])
        found, undone = model.bisect()
        assert [cause.culprits for cause in found] == [frozenset([culprit])]
        assert undone is Verdict.GOOD
        assert len(model.tried) <= (bound(size) if size > 1 else 2)


@pytest.mark.parametrize("size", [20, 60])
def test_a_culprit_among_the_first_three_takes_six_trials_at_most(size: int) -> None:
    for culprit in range(3):
        model = Model(size, [{culprit}])
        model.bisect()
        assert len(model.tried) <= 6


@pytest.mark.parametrize("members", [2, 3])
def test_sets_that_fail_only_together_are_found_whole(members: int) -> None:
    chance = Random(members)
    for _ in range(150):
        cause = set(chance.sample(range(60), members))
        model = Model(60, [cause])
        found, undone = model.bisect()
        assert [item.culprits for item in found] == [cause]
        assert undone is Verdict.GOOD
        assert len(model.tried) <= members * bound(60)


def test_every_sufficient_cause_is_found() -> None:
    chance = Random(7)
    for _ in range(150):
        first, second, third = chance.sample(range(60), 3)
        model = Model(60, [{first}, {second, third}])
        found, undone = model.bisect()
        assert {cause.culprits for cause in found} == {
            frozenset([first]),
            frozenset([second, third]),
        }
        assert undone is Verdict.GOOD


def test_hidden_conflicts_hide_no_culprit_and_blame_nobody_else() -> None:
    chance = Random(11)
    for _ in range(200):
        conflicts = [tuple(chance.sample(range(60), 2)) for _ in range(3)]
        culprit = chance.randrange(60)
        model = Model(60, [{culprit}], conflicts)  # type: ignore[arg-type]
        found, undone = model.bisect()
        beside = {atom for pair in conflicts if culprit in pair for atom in pair}
        assert undone is Verdict.GOOD
        assert len(found) == 1
        assert culprit in found[0].all
        # Alone it is named alone; what goes with it is a companion, or cannot be separated.
        assert (
            found[0].all <= _together(conflicts, culprit)
            if beside
            else found[0].culprits == {culprit}
        )


def _together(conflicts: list[tuple[int, ...]], culprit: int) -> set[int]:
    """The atoms that have to come and go with one."""
    found = {culprit}
    while True:
        more = {atom for pair in conflicts if set(pair) & found for atom in pair}
        if more <= found:
            return found
        found |= more


def test_declared_requirements_keep_sets_whole() -> None:
    chance = Random(3)
    costs = []
    for _ in range(100):
        pairs = [tuple(chance.sample(range(60), 2)) for _ in range(15)]
        needs = Implications([*pairs, *((two, one) for one, two in pairs)])  # type: ignore[list-item,misc]
        culprit = chance.randrange(60)
        model = Model(60, [{culprit}], pairs)  # type: ignore[arg-type]
        found, undone = model.bisect(needs)
        assert culprit in found[0].all
        assert undone is Verdict.GOOD
        costs.append(len(model.tried))
    assert sorted(costs)[50] <= bound(60)


@pytest.mark.parametrize("culprit", [0, 1, 5, 12])
def test_declared_requirements_that_never_break_cost_one_trial(culprit: int) -> None:
    # What needs it comes late in the order: nothing before it brings it along.
    needs = Implications([(culprit, 3), (17, culprit), (18, culprit)])
    with_needs, without = Model(20, [{culprit}]), Model(20, [{culprit}])
    (cause,), undone = with_needs.bisect(needs)
    without.bisect()
    assert (cause.all, undone) == (frozenset([culprit]), Verdict.GOOD)
    assert len(with_needs.tried) <= len(without.tried) + 1


def test_a_set_brings_what_it_needs_and_is_undone_with_what_it_had() -> None:
    needs = Implications([(0, 1), (1, 2), (3, 3)])
    assert needs.forward([0]) == {0, 1, 2}
    assert needs.backward([2]) == {0, 1, 2}
    assert needs.forward([3]) == {3}
    assert needs.renumbered({0: 5, 1: 6, 2: 7, 3: 8}).forward([5]) == {5, 6, 7}


def test_what_the_order_does_not_tell_apart_is_halved_and_not_tried_one_by_one() -> None:
    ties = dict.fromkeys(range(10), 0) | dict.fromkeys(range(10, 20), 1)
    costs = {True: 0, False: 0}
    for tied in costs:
        for culprit in range(20):
            model = Model(20, [{culprit}])
            for end in (frozenset[int](), frozenset(range(20))):
                model.judge(end)
            found = search.find(model.judge, range(20), Implications(), ties if tied else {})
            assert found.culprits == {culprit}
            costs[tied] += len(model.tried)
    assert costs[True] <= costs[False] - 20, "a trial a culprit"


def test_a_leader_among_equals_is_tried_first() -> None:
    model = Model(20, [{0}])
    search.find(model.judge, range(20), Implications(), dict.fromkeys(range(1, 20), 0))
    assert set(model.tried) == {frozenset([0])}
