"""Compares the seeds, and the states of the framework's generator, that calls of models began with."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.replay.compare.view import views
from envsnap.replay.esr.archive import Recording

NEVER = "never set"
SEED = "the seed of torch:"
DRAWN = "torch's random numbers are at another place"  # which follows from whatever draws
UNSEEDED = 1 << 33


def compare(golden: Recording, other: Recording) -> Iterator[tuple[str, str]]:
    """The first difference, and what to do."""
    there = {view.call.key: view for view in views(other)}
    same = _all(golden) == _all(other)
    for view in views(golden):
        twin = there.get(view.call.key)
        if twin is None or view.call.seed is None or twin.call.seed is None:
            continue
        one, two = (_seed(item.call.seed) for item in (view, twin))
        if one != two and same:
            return  # the same seeds in a row: a run with fewer calls comes to the next one earlier
        if one != two:
            fix = f"Call torch.manual_seed({view.call.seed}) as the golden run does."
            yield (
                f"{SEED} {one} -> {two}",
                fix
                if one != NEVER
                else "Seed torch in both runs, or in none: the golden run may draw from a generator of its own.",
            )
            return
        if view.call.random != twin.call.random and one != NEVER:
            yield (
                f"{DRAWN} before {view.title}",
                "Draw the same random numbers in the same order, or seed right before.",
            )
            return


def _all(recording: Recording) -> list[str]:
    """The seeds of a run's calls, each once in a row."""
    found = [_seed(call.seed) for call in recording.record.calls]
    return [seed for place, seed in enumerate(found) if place == 0 or found[place - 1] != seed]


def _seed(value: str | None) -> str:
    """A seed; one that nobody has set is a large random number."""
    return NEVER if value is None or int(value) > UNSEEDED else value
