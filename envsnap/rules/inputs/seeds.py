"""Seeds or random states differ, or a generator was never seeded."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.model.inputs import Generator
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, text
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

CALLS, GENERATORS = "calls", "generators"
MOST_PLACES = 2
# What seeds a generator, as far as a run sees it.
SEEDED_BY = {
    "random": ("random.",),
    "numpy": ("numpy.random.se",),
    "torch": ("torch.manual_seed", "torch.set_rng_state"),
    "torch_cuda": ("torch.cuda.",),
    "tensorflow": ("tensorflow.",),
}


class Seeds(Rule):
    """A seed differs, is set on one side only, or a generator is in another state.

    Another seed gives other samples, dropout masks and initial weights. A state that differs
    although the seed is the same means that something drew numbers in between. A run
    (`envsnap run`) also shows which functions were called with which seed, and which generators
    were drawn from without ever being seeded: no two such runs agree.

    Fix: set the same seed on both sides, and draw in the same order.
    """

    id = "seeds"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding for each generator that was drawn from and never seeded."""
        for name in _drawn(manifest):
            yield self._never(name, "was drawn from and never seeded", Severity.INFO)

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a seed, state or generator, with the config value it comes from."""
        changes = list(comparison.under("seeds"))
        told: set[Path] = set()
        for name in self._one_sided(comparison):
            found = [change for change in changes if _is_about(change, name)]
            told.update(change.path for change in found)
            yield self._one_side(comparison, name, found)
        for name in sorted(set(_drawn(comparison.reference)) & set(_drawn(comparison.other))):
            yield self._never(name, "is drawn from and seeded on neither side", Severity.INFO)
        for change in changes:
            if change.path in told:
                continue
            same = [
                other.path
                for other in comparison.under("configs")
                if text(other.path[1:]) == change.path[-1]
            ]
            if change.path == ("seeds", "PYTHONHASHSEED"):
                same.extend(other.path for other in comparison.under("env_vars", "PYTHONHASHSEED"))
            yield self._finding(comparison, change, same)

    def _one_sided(self, comparison: Comparison) -> list[str]:
        """Generators that one side seeded, and the other drew from without."""
        reference, other = _generators(comparison.reference), _generators(comparison.other)
        return [
            name
            for name in sorted(reference.keys() & other.keys())
            if {reference[name].seeded, other[name].seeded} == {True, False}
            and True in (reference[name].drawn, other[name].drawn)
        ]

    def _one_side(self, comparison: Comparison, name: str, found: list[Change]) -> Finding:
        here = _generators(comparison.reference)[name].seeded is True
        side = "the other side" if here else "the reference"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=("seeds", GENERATORS, name, "seeded"),
            message=f"{name} is drawn from and never seeded on {side}",
            why="An unseeded generator gives other numbers at every start.",
            fix=f"Seed {name} as {'the reference' if here else 'the other side'} does.",
            changes=tuple(change.path for change in found),
        )

    def _never(self, name: str, what: str, severity: Severity) -> Finding:
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.NUMERICS,
            confidence=Confidence.POSSIBLE,
            path=("seeds", GENERATORS, name, "seeded"),
            message=f"{name} {what}",
            why="Its numbers are others at every start; harmless where nothing depends on them.",
            fix=f"Seed {name} at the start of the program, if results depend on it.",
        )

    def _finding(self, comparison: Comparison, change: Change, same: list[Path]) -> Finding:
        values = f": {_shown(change.reference)} -> {_shown(change.other)}"
        what, severity = f"the seed {change.path[-1]}", Severity.WARNING
        if change.path[1] == CALLS:
            what = f"calls of {change.path[2]}"
            reference, other = (
                _placed(comparison.reference, change),
                _placed(comparison.other, change),
            )
            values = f": {_shown(change.reference)}{reference} -> {_shown(change.other)}{other}"
        elif change.path[1] == GENERATORS:
            what, severity = f"the generator {change.path[2]}", Severity.INFO
            values = " was there or seeded on one side only"
        elif len(change.path) > 2:
            what, values = f"the random state of {change.path[-1]}", " differs"
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=change.path,
            message=f"{what}{values}",
            why="Samples, dropout masks and initial weights come from it.",
            fix="Set the same seed on both sides.",
            changes=(change.path, *same),
        )


def _generators(manifest: Manifest) -> dict[str, Generator]:
    return stated(manifest, "seeds", "generators") or {}


def _drawn(manifest: Manifest) -> list[str]:
    """The generators that were drawn from and never seeded."""
    return [name for name, item in _generators(manifest).items() if item.drawn is True]


def _placed(manifest: Manifest, change: Change) -> str:
    """Where a function was called that seeds: file and line, in brackets."""
    calls = stated(manifest, "seeds", "calls") or {}
    call = calls.get(change.path[2])
    places = call.places if call is not None and isinstance(call.places, tuple) else ()
    return f" ({', '.join(places[:MOST_PLACES])})" if places else ""


def _is_about(change: Change, name: str) -> bool:
    """Whether a change is about a generator, or about a call that seeds it in that process."""
    if change.path[1] == GENERATORS:
        return change.path[2] == name
    generator, _, process = name.partition("@")
    if change.path[1] != CALLS:
        return False
    function, _, caller = change.path[2].partition("@")
    return caller == process and function.startswith(SEEDED_BY.get(generator, ()))


def _shown(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("values")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))[:60]
    return "not set" if value is None else str(value)[:60]
