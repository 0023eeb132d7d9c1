"""Finds every sufficient cause, proves each alone, and proves that undoing all of them works."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from envsnap.bisection import chain, search
from envsnap.bisection.atoms import Atom
from envsnap.bisection.ends import NOTHING, BadWorksError, EndError, Ends
from envsnap.bisection.order import Suspects
from envsnap.bisection.requirements import Implications
from envsnap.bisection.search import Atoms, Cause, Verdict
from envsnap.bisection.trials import SpentError, Trials

MOST_CAUSES = 10
CONFIRMING = 2  # runs of each proof of a fault that seems certain

Left = Callable[[int, str, float | None], None]


class Found(Struct, kw_only=True):
    """What is known so far. Numbers are those of `atoms`; `stopped` says why nothing more is.

    `undone` is the last set that was undone on the bad side, and what that does.
    """

    atoms: tuple[Atom, ...]
    everything: Atoms
    suspects: Suspects | None = None
    causes: list[Cause] = []
    undone: Atoms = NOTHING
    needed: Atoms = NOTHING
    undone_verdict: Verdict | None = None
    stopped: Exception | None = None

    @property
    def proven(self) -> bool:
        """Whether both proofs hold."""
        return bool(self.causes) and self.undone_verdict is Verdict.GOOD and self.stopped is None


def usual(atoms: int) -> int:
    """Trials that one culprit among so many atoms may take."""
    return 2 * math.ceil(math.log2(max(2, atoms))) + 4


class NotSureError(Exception):
    """A fault that seemed certain does not show in every run."""


class Search:
    """Searches in the order of suspicion; numbers are translated to places in that order."""

    def __init__(
        self, found: Found, trials: Trials, ends: Ends, needs: Implications, left: Left
    ) -> None:
        assert found.suspects is not None
        self._found, self._trials, self._ends, self._left = found, trials, ends, left
        self._order = found.suspects.order
        places = {number: place for place, number in enumerate(self._order)}
        self._needs = needs.renumbered(places)
        self._ties = {places[number]: tie for number, tie in found.suspects.ties.items()}

    def run(self) -> None:
        """Find causes until the bad side works without them; what stops it is kept."""
        found = self._found
        try:
            self._all()
            if self._trials.rates is None:
                self._confirm()
        except NotSureError:
            self._again()
        except (SpentError, EndError) as error:
            found.stopped = error

    def _again(self) -> None:
        """Start over with what is known of a fault that does not always show."""
        found = self._found
        found.causes, found.undone, found.needed = [], NOTHING, NOTHING
        found.undone_verdict = None
        try:
            self._ends.measure()
            self._all()
        except (SpentError, EndError, BadWorksError) as error:
            found.stopped = error

    def _all(self) -> None:
        found = self._found
        everything = frozenset(range(len(self._order)))
        left = everything
        while len(found.causes) < MOST_CAUSES:
            if self._trials.rates is None:
                first = search.leading(sorted(left), self._ties)
                singles = [self._needs.forward([place]) & left for place in first]
                self._trials.ahead(map(self._numbers, singles))
            # Belief that runs have changed sets all apart.
            ties = self._ties if self._trials.rates is None else {}
            cause = search.find(self._judge, self._ordered(left), self._needs, ties)
            found.causes.append(
                Cause(
                    culprits=self._numbers(cause.culprits),
                    companions=self._numbers(cause.companions),
                )
            )
            undone = search.undo(self._judge, left, cause.all, sorted(left), self._needs)
            left = left - undone.atoms
            found.undone = self._numbers(everything - left)
            found.needed = found.needed | self._numbers(undone.extra)
            found.undone_verdict = undone.verdict
            if undone.verdict is not Verdict.BAD or not left:
                return

    def _ordered(self, left: Atoms) -> list[int]:
        """The suspects in order; where a fault does not always show, the likeliest one first."""
        order = sorted(left)
        rates = self._trials.rates
        if rates is None or len(order) < 2:
            return order

        def run(length: int) -> Verdict:
            atoms = self._needs.forward(order[:length]) & left
            self._tell(atoms)
            return self._trials.of(self._trials.run(self._numbers(atoms)))

        length = chain.likeliest(run, len(order), rates)
        if length is None:
            return order
        first = order[length - 1]
        return [first, *(place for place in order if place != first)]

    def _judge(self, places: Atoms) -> Verdict:
        if places == frozenset(range(len(self._order))):
            return Verdict.BAD
        if not places:
            return Verdict.GOOD
        self._tell(places)
        return self._trials.verdict(self._numbers(places))

    def _tell(self, places: Atoms) -> None:
        """Say what is being tried, and how long it may take."""
        suspect = self._found.atoms[self._order[min(places)]].title
        trials = self._trials
        mean = trials.seconds / max(1, trials.count)
        self._left(len(places), suspect, max(1, usual(len(self._order)) - trials.count) * mean)

    def _numbers(self, places: Sequence[int] | Atoms) -> Atoms:
        return frozenset(self._order[place] for place in places)

    def _confirm(self) -> None:
        """Run both proofs again: one run each is no proof that a fault is certain.

        That the bad side failed when all began is none, either: a cache may have become warm since.
        """
        trials, found = self._trials, self._found
        expected = [(cause.all, Verdict.BAD) for cause in found.causes]
        expected += [(NOTHING, Verdict.GOOD)]
        if found.undone_verdict is Verdict.GOOD:
            expected.append((found.everything - found.undone, Verdict.GOOD))
        for atoms, verdict in expected:
            made = len(trials.runs.get(atoms, ()))
            again = made + 1 if atoms == found.everything else CONFIRMING
            for run in trials.at_least(atoms, max(again, CONFIRMING)):
                if trials.of(run) is not verdict:
                    raise NotSureError
