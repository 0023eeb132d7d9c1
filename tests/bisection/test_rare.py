"""The whole search over simulated faults that show rarely: what is named, in how many runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from envsnap import api
from envsnap.bisection.atoms import Atom, Kind
from envsnap.bisection.causes import Found, Search
from envsnap.bisection.ends import Ends
from envsnap.bisection.log import VERSION, Head, Log, Run
from envsnap.bisection.order import Suspects
from envsnap.bisection.outcome import Outcome
from envsnap.bisection.requirements import Implications
from envsnap.bisection.result import UNKNOWN
from envsnap.bisection.trials import Budget, Trials
from envsnap.model.manifest import Manifest
from tests.bisection.world import World

SEEDS = range(12)


class Rare:
    """A program that fails at one rate with a cause, and at another without."""

    def __init__(self, cause: set[int], good: float, bad: float, seed: int) -> None:
        self._cause, self._good, self._bad = cause, good, bad
        self._chance = Random(seed)

    def once(self, bad: Iterable[int], slot: int = 0) -> Run:
        """One run; it costs nothing."""
        chosen = tuple(sorted(bad))
        rate = self._bad if self._cause <= set(chosen) else self._good
        code = int(self._chance.random() < rate)
        return Run(
            bad=chosen, outcome=Outcome(code=code), seconds=0.1, cpu=0.1, stdout="", stderr="",
            altered=(), left=slot, imported=None, variables=(),
        )  # fmt: skip


@pytest.fixture(scope="module")
def side() -> Manifest:
    """Both sides; their facts are not asked."""
    return api.capture(import_frameworks=False)


def bisect(size: int, program: Rare, log: Path, side: Manifest) -> tuple[Found, Trials]:
    """Settle both ends and search, over as many variables that no rule knows."""
    atoms = tuple(
        Atom(kind=Kind.VARIABLE, path=("env_vars", f"A{number}"), name=f"A{number}", good="0", bad="1")
        for number in range(size)
    )  # fmt: skip
    head = Head(version=VERSION, inputs="x", command="x", atoms=())
    trials = Trials(program, Log(str(log), head, resume=False), Budget())
    found = Found(
        atoms=atoms,
        everything=frozenset(range(size)),
        suspects=Suspects(atoms, side, side, "", None),
    )
    ends = Ends(trials, found.everything, repeat=None, bits=False)
    ends.settle()
    Search(found, trials, ends, Implications(), lambda *_: None).run()
    return found, trials


@pytest.mark.parametrize(("good", "bad", "most"), [
    (0.0, 0.3, 200), (0.02, 0.3, 500), (0.0, 0.05, 1100),
])  # fmt: skip
def test_a_rare_fault_among_sixty_is_named_in_a_payable_number_of_runs(
    good: float, bad: float, most: int, tmp_path: Path, side: Manifest
) -> None:
    right, runs, trials = 0, [], []
    for seed in SEEDS:
        culprit = Random(seed).randrange(60)
        program = Rare({culprit}, good, bad, seed)
        found, made = bisect(60, program, tmp_path / f"{seed}.jsonl", side)
        right += [cause.all for cause in found.causes] == [frozenset([culprit])] and found.proven
        runs.append(sum(map(len, made.runs.values())))
        trials.append(made.count)
    assert right >= len(SEEDS) - 1, "1 % of error a set, some ten sets"
    assert statistics.median(runs) <= most
    assert statistics.median(trials) <= 16


def test_a_fault_of_the_first_runs_alone_is_not_looked_for_without_end(
    world: World, tmp_path: Path
) -> None:
    """Something outside of the trials is warm after a few runs, and nothing fails any more."""
    counter = tmp_path / "runs"
    counter.write_text("")
    found = world.bisect(
        "import sys\n"
        "if trial_00.value == 2:\n"
        f"    with open({str(counter)!r}, 'a+') as stream:\n"
        "        stream.write('x')\n        stream.seek(0)\n"
        "        sys.exit(len(stream.read()) <= 3)\n"
    )
    assert found.outcome == UNKNOWN, found.sentence
    assert "in 3 of its first 3 runs and in none of the" in found.sentence
