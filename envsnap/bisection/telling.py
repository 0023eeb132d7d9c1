"""Puts what was found into words and records."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from envsnap._version import __version__
from envsnap.bisection import result as results
from envsnap.bisection import sequential
from envsnap.bisection.atoms import Atom, Held, Kind
from envsnap.bisection.causes import usual
from envsnap.bisection.configs import REST
from envsnap.bisection.ends import NOTHING, BadWorksError
from envsnap.bisection.search import Atoms, Cause, Verdict
from envsnap.model.paths import text
from envsnap.wording import few

if TYPE_CHECKING:
    from envsnap.bisection.causes import Found
    from envsnap.bisection.log import Run
    from envsnap.bisection.order import Suspects
    from envsnap.bisection.trials import Trials
    from envsnap.model.manifest import Manifest
    from envsnap.rules.finding import Finding

MOST_QUOTED = 5
NAMED = 4
FEWEST = 4  # both ends and both proofs


class Asked(Struct, frozen=True, kw_only=True):
    """What was to be found out, and with what: the same at the end as at the beginning."""

    good: results.End
    bad: results.End
    command: tuple[str, ...]
    judge: str
    python: str
    held: tuple[Held, ...]
    notes: tuple[str, ...]
    claimed: frozenset[str]  # distributions of which another one installs a file, too
    unlike: Mapping[str, str]  # distributions that were not rebuilt as captured, and why


class Spent(Struct, frozen=True, kw_only=True):
    """What environments took: CPU seconds of each but the first, and bytes on the disk."""

    environments: int
    seconds: tuple[float, ...]
    disk: int

    def median(self) -> float | None:
        """The seconds of one more environment."""
        spent = sorted(self.seconds)
        return round(spent[len(spent) // 2], 2) if spent else None


def result(asked: Asked, found: Found, trials: Trials, spent: Spent, log: str) -> results.Bisection:
    """The whole result, as it is reported; `log` is the file of trials."""
    assert found.suspects is not None
    teller = _Teller(found, trials)
    outcome, sentence = _doubted(*teller.outcome(), found, asked)
    return results.Bisection(
        bisection_version=results.BISECTION_VERSION,
        envsnap_version=__version__,
        outcome=outcome,
        sentence=sentence,
        good=asked.good,
        bad=asked.bad,
        command=asked.command,
        judge=asked.judge,
        python=asked.python,
        atoms=tuple(teller.difference(number) for number in found.suspects.order),
        causes=tuple(teller.cause(cause) for cause in found.causes),
        undone=teller.undone(),
        needed=tuple(map(teller.difference, sorted(found.needed))),
        smallest=tuple(map(teller.difference, sorted(teller.smallest()))),
        good_end=teller.sample(NOTHING, undone=False),
        bad_end=teller.sample(found.everything, undone=False) if found.everything else None,
        rates=teller.rates(),
        tried=tuple(teller.tried()),
        held=held_equal(asked.held),
        host_findings=teller.about_host(asked.held) if outcome == results.NOT_CARRIED else (),
        notes=(*asked.notes, *teller.notes()),
        cost=teller.cost(spent),
        log=log,
    )


def _doubted(outcome: str, sentence: str, found: Found, asked: Asked) -> tuple[str, str]:
    """The outcome; no proof where a culprit's files may be others than those that were captured.

    Nor is it known that nothing carried makes the difference, where some of it was not carried.
    """
    culprits = {found.atoms[number].name for cause in found.causes for number in cause.all}
    if outcome == results.NOT_CARRIED:
        culprits = set(asked.unlike)
    unlike = sorted(culprits & asked.unlike.keys())
    if unlike and outcome in (results.PROVEN, results.NOT_CARRIED):
        why = asked.unlike[unlike[0]]
        return results.UNKNOWN, f"not decided: {sentence}, but of {few(unlike, NAMED)} {why}"
    shared = sorted(culprits & asked.claimed)
    if outcome != results.PROVEN or not shared:
        return outcome, sentence
    why = "whose are there depends on the order of installation, which is not rebuilt"
    told = f"{few(shared, NAMED)} installs files that another distribution installs, too: {why}"
    return results.UNKNOWN, f"not decided: {sentence}, but {told}"


def plan(
    atoms: Sequence[Atom], suspects: Suspects, held: Sequence[Held], notes: Sequence[str]
) -> results.Plan:
    """What would be varied, as it is reported."""
    return results.Plan(
        atoms=tuple(
            results.Difference(
                path=atoms[number].title, kind=atoms[number].kind.value, good=atoms[number].good,
                bad=atoms[number].bad, place=place,
            )
            for place, number in enumerate(suspects.order, 1)
        ),
        held=held_equal(held),
        notes=tuple(notes),
        fewest=FEWEST,
        most=usual(len(atoms)),
    )  # fmt: skip


def held_equal(held: Sequence[Held]) -> tuple[results.HeldEqual, ...]:
    """What was held equal, without what follows from what is varied."""
    return tuple(
        results.HeldEqual(path=text(item.path), good=item.good, bad=item.bad, why=item.why)
        for item in held
        if not item.follows
    )


def end(name: str, manifest: Manifest) -> results.End:
    """One of the two manifests."""
    return results.End(name=name, label=manifest.label, fingerprint=manifest.fingerprint)


def judge(output: str | None, recording: str | None) -> str:
    """What tells one result from another."""
    if recording is not None:
        return f"the recording {recording}"
    if output is None:
        return "exit code"
    return "bits of what it prints" if output == "-" else f"bits of {output}"


class _Teller:
    """Words for one result."""

    def __init__(self, found: Found, trials: Trials) -> None:
        assert found.suspects is not None
        self._found, self._trials = found, trials
        self._suspects: Suspects = found.suspects
        self._places = {number: place for place, number in enumerate(self._suspects.ranked, 1)}

    def outcome(self) -> tuple[str, str]:
        """The word for the result, and its sentence."""
        found, stopped = self._found, self._found.stopped
        if isinstance(stopped, BadWorksError):
            return results.NOT_CARRIED, self._not_carried(stopped)
        if stopped is not None:
            return results.UNKNOWN, f"not decided: {stopped}{self._so_far()}"
        if not found.proven:
            why = "undoing it on the bad side gives neither the good nor the bad result"
            return results.UNKNOWN, f"{self._named()} fails by itself, but {why}"
        return results.PROVEN, self._proven()

    def _not_carried(self, stopped: BadWorksError) -> str:
        start = "nothing that was carried makes the difference"
        if not stopped.runs:
            return f"{start}: there is no difference that could be varied"
        rate = sequential.missed(stopped.runs)
        return (
            f"{start}: with everything of the bad side the command works here, in"
            f" {stopped.runs} of {stopped.runs} runs (a fault that shows in less than {rate:.0%} of"
            " runs could be missed)"
        )

    def _so_far(self) -> str:
        smallest = self.smallest()
        if not smallest:
            return ""
        return f"; the smallest set that fails so far has {len(smallest)} of {len(self._found.atoms)} differences"

    def _named(self) -> str:
        causes = [self._titles(cause.culprits or cause.companions) for cause in self._found.causes]
        return "; and by itself ".join(causes)

    def _titles(self, atoms: Atoms) -> str:
        names = [self._found.atoms[number].title for number in self._by_place(atoms)]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return " with ".join(names[:NAMED]) + more

    def _proven(self) -> str:
        count = len(self._found.causes)
        word = "it is" if count == 1 else f"{count} causes, each enough alone:"
        return f"{word} {self._named()}"

    def _by_place(self, atoms: Iterable[int]) -> list[int]:
        return sorted(atoms, key=lambda number: self._places[number])

    def difference(self, number: int) -> results.Difference:
        """One atom."""
        atom = self._found.atoms[number]
        return results.Difference(
            path=atom.title, kind=atom.kind.value, good=atom.good, bad=atom.bad,
            place=self._places[number],
        )  # fmt: skip

    def cause(self, cause: Cause) -> results.Cause:
        """One sufficient set."""
        culprits = self._by_place(cause.culprits or cause.companions)
        companions = self._by_place(cause.companions) if cause.culprits else []
        proof = self.sample(cause.all, undone=False)
        assert proof is not None
        told = [
            quoted(finding)
            for number in culprits
            for finding in self._suspects.about.get(number, ())[:MOST_QUOTED]
        ]
        return results.Cause(
            culprits=tuple(map(self.difference, culprits)),
            companions=tuple(map(self.difference, companions)),
            inseparable=cause.inseparable,
            proof=proof,
            findings=tuple(told),
            fixes=tuple(fix(self._found.atoms[number]) for number in [*culprits, *companions]),
        )

    def undone(self) -> results.Sample | None:
        """The bad side without all causes."""
        if self._found.undone_verdict is None:
            return None
        return self.sample(self._found.undone, undone=True)

    def sample(self, atoms: Atoms, *, undone: bool) -> results.Sample | None:
        """What a set did; None where it was never run."""
        tried = self._found.everything - atoms if undone else atoms
        runs = self._trials.runs.get(tried, [])
        if not runs:
            return None
        tally = self._trials.tally(tried)
        verdict = self._trials.shown(tried) or Verdict.OTHER
        shown = next((run for run in runs if self._trials.of(run) is verdict), runs[0])
        return results.Sample(
            sets=tuple(self._found.atoms[number].title for number in self._by_place(atoms)),
            undone=undone,
            verdict=verdict.value,
            runs=len(runs),
            failures=tally[Verdict.BAD],
            told=shown.outcome.told(),
            stdout=shown.stdout,
            stderr=shown.stderr,
        )

    def smallest(self) -> Atoms:
        """The smallest set known to fail, where the search did not end."""
        if self._found.proven or isinstance(self._found.stopped, BadWorksError):
            return NOTHING
        return self._trials.smallest() or NOTHING

    def rates(self) -> results.Measured | None:
        """How often each side shows the fault, where it does not always."""
        known = self._trials.rates
        if known is None:
            return None
        sides = []
        for atoms in (NOTHING, self._found.everything):
            tally = self._trials.tally(atoms)
            sides.append(round(tally[Verdict.BAD] / max(1, sum(tally.values())), 4))
        return results.Measured(good=sides[0], bad=sides[1], error=known.error)

    def tried(self) -> Iterable[results.Tried]:
        """Every trial, in order."""
        for number, (atoms, runs) in enumerate(self._trials.runs.items(), 1):
            tally = self._trials.tally(atoms)
            verdict = self._trials.shown(atoms) or Verdict.OTHER
            yield results.Tried(
                number=number,
                atoms=tuple(self._found.atoms[item].title for item in self._by_place(atoms)),
                verdict=verdict.value,
                runs=len(runs),
                failures=tally[Verdict.BAD],
                told=runs[-1].outcome.told(),
            )

    def about_host(self, held: Iterable[Held]) -> tuple[results.Quoted, ...]:
        """What is known of what no trial could vary."""
        assert self._found.suspects is not None
        told = self._found.suspects.about_host({item.path: None for item in held})
        return tuple(map(quoted, told[:MOST_QUOTED]))

    def cost(self, spent: Spent) -> results.Cost:
        """What all of it took."""
        trials = self._trials
        return results.Cost(
            trials=trials.count,
            runs=sum(map(len, trials.runs.values())),
            seconds=round(trials.seconds, 1),
            environments=spent.environments,
            environment_cpu=spent.median(),
            disk=spent.disk,
        )

    def notes(self) -> Iterable[str]:
        """What a reader should know of how the command behaved."""
        runs = [run for made in self._trials.runs.values() for run in made]
        altered = sorted({name for run in runs for name in run.altered})
        if altered:
            yield f"the command changed files of its environment, which was made anew each time: {', '.join(altered[:6])}"
        left = max((run.left for run in runs), default=0)
        if left:
            yield f"the command left up to {left} processes running; they were ended"
        otherwise = sorted({name for run in runs for name in run.variables})
        if otherwise:
            yield f"the command itself sets or clears {', '.join(otherwise)}: these differences may have had no effect"
        yield from self._untaken(runs)
        if self._trials.varied:
            yield "the bad side's exit code differs from run to run; each that it had counted as bad"
        if self._trials.loose:
            yield "the bad side's output differs from run to run; any unlike the good side's counted as bad"

    def _untaken(self, runs: Iterable[Run]) -> Iterable[str]:
        """Differences that did not take effect, at the ends or in a trial."""
        atoms, ends = self._found.atoms, self._trials.ends
        equal = ends.unseen(atoms)
        if equal:
            names = ", ".join(atoms[number].title for number in equal[:6])
            yield f"the command had the same of these on both sides, whatever was set: {names}"
        lacking = [number for run in runs for number in ends.untaken(run.bad, run.seen)]
        if lacking:
            names = ", ".join(atoms[number].title for number in dict.fromkeys(lacking[:6]))
            yield f"in some trials these did not take effect, so that they decide nothing: {names}"


def quoted(finding: Finding) -> results.Quoted:
    """A finding, as a result quotes it."""
    return results.Quoted(
        rule=finding.rule,
        severity=finding.severity.value,
        path=text(finding.path),
        message=finding.message,
        why=finding.why,
        fix=finding.fix,
        source=finding.source,
    )


def fix(atom: Atom) -> str:
    """What makes one difference as it is on the good side."""
    if atom.kind is Kind.PACKAGE:
        if atom.good is None:
            return f"pip uninstall --yes {shlex.quote(atom.name)}"
        return f"pip install --no-deps {shlex.quote(f'{atom.name}=={atom.good}')}"
    if atom.kind in (Kind.VARIABLE, Kind.LOCALE, Kind.TIMEZONE, Kind.THREADS):
        if atom.good is None:
            return f"unset {shlex.quote(atom.name)}"
        return f"export {atom.name}={shlex.quote(str(atom.good))}"
    if atom.kind is Kind.CONFIG:
        return _fix_of_config(atom)
    if atom.kind is Kind.PROCESSORS:
        return f"taskset --cpu-list 0-{int(atom.good) - 1} COMMAND"
    return f"use the good side's file {atom.name} ({atom.good})"


def _fix_of_config(atom: Atom) -> str:
    if atom.inner == REST:
        return f"use the good side's file {atom.name}: more than its values matters"
    if atom.good is None:
        return f"take {atom.title} out"
    return f"set {atom.title} to {json.dumps(atom.good, ensure_ascii=False, default=str)}"
