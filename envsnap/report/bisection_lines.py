"""What every report of a bisection shows, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from envsnap.bisection.result import (
    NOT_CARRIED,
    PROVEN,
    Bisection,
    Cause,
    Difference,
    Sample,
    Tried,
)
from envsnap.report.sanitize import value
from envsnap.wording import counted

HEADS = {PROVEN: "Proven", NOT_CARRIED: "Not carried", "unknown": "Unknown"}
MARKS = {PROVEN: "bad", NOT_CARRIED: "note", "unknown": "open"}
WORDS = {"good": "works", "bad": "fails", "other": "cannot be said"}
VERDICT_MARKS = {"good": "same", "bad": "bad", "other": "open"}
ABSENT = "(absent)"
LONGEST_VALUE = 60
MOST_NAMED = 4


class Pair(Struct, frozen=True):
    """Two things side by side, each with its head, its result and what it printed."""

    heads: tuple[str, str]
    samples: tuple[Sample, Sample]


def headline(found: Bisection) -> str:
    """The outcome in one line."""
    return f"{HEADS[found.outcome]}: {found.sentence}"


def about(found: Bisection) -> Iterator[tuple[str, str]]:
    """What was bisected."""
    for word, end in (("good", found.good), ("bad", found.bad)):
        yield word, f"{end.name} ({end.label})" if end.label else end.name
    yield "command", " ".join(found.command)
    yield "judge", found.judge
    yield "python", found.python


def shown(item: object) -> str:
    """A side's value, shortened."""
    if item is None:
        return ABSENT
    text = value(item)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def change(item: Difference) -> str:
    """A difference in one line."""
    return f"{shown(item.good)} -> {shown(item.bad)}"


def place(item: Difference) -> str:
    """Where `diff` ranks it."""
    return f"suspect {item.place}" if item.place is not None else ""


def members(cause: Cause) -> Iterator[tuple[str, Difference]]:
    """The members of a cause, and what each is in it."""
    word = "inseparable" if cause.inseparable else "culprit"
    for item in cause.culprits:
        yield word, item
    for item in cause.companions:
        yield "companion", item


def result(sample: Sample) -> str:
    """What a set did, how often."""
    word = WORDS[sample.verdict]
    if sample.verdict == "bad":
        return f"{word} in {sample.failures} of {sample.runs} runs: {sample.told}"
    if sample.verdict == "good":
        return f"{word} in {sample.runs - sample.failures} of {sample.runs} runs"
    return f"{word}: {sample.told}"


def ends(found: Bisection) -> Pair | None:
    """Both ends, where both were run."""
    if found.good_end is None or found.bad_end is None:
        return None
    return Pair(("GOOD, rebuilt here", "BAD, rebuilt here"), (found.good_end, found.bad_end))


def proofs(found: Bisection) -> Iterator[Pair]:
    """For each cause: good with only it, beside bad without any cause."""
    if found.undone is None:
        return
    several = len(found.causes) > 1
    for number, cause in enumerate(found.causes, 1):
        only = f"GOOD with only cause {number}" if several else "GOOD with only these"
        without = "BAD with all causes undone" if several else "BAD with only these undone"
        if found.needed:
            without += f", and {len(found.needed)} with them"
        yield Pair((only, without), (cause.proof, found.undone))


def output(sample: Sample, most: int) -> list[str]:
    """The last lines that a run printed."""
    lines = [line for text in (sample.stdout, sample.stderr) for line in text.splitlines()]
    lines = [line for line in lines if line.strip()]
    return lines[-most:] or ["(printed nothing)"]


def certainty(found: Bisection) -> str:
    """How sure it is, where the fault does not always show."""
    rates = found.rates
    if rates is None:
        return ""
    return (
        f"The fault does not always show: in {rates.bad:.1%} of runs on the bad side and in"
        f" {rates.good:.1%} on the good one. Each set was run until it was decided; a verdict is"
        f" wrong in at most {rates.error:.0%}."
    )


def needed(found: Bisection) -> str:
    """What had to be undone with the causes."""
    if not found.needed:
        return ""
    names = ", ".join(f"{item.path} ({change(item)})" for item in found.needed)
    return (
        f"Undone with it, because nothing can be said without: {names}. The fix alone was not shown to"
        " work; --format fix undoes both"
    )


def tried(item: Tried, everything: int) -> str:
    """The atoms of one trial in few words."""
    if not item.atoms:
        return "all as on the good side"
    if len(item.atoms) == everything:
        return "all as on the bad side"
    names = ", ".join(item.atoms[:MOST_NAMED])
    more = len(item.atoms) - MOST_NAMED
    return f"{names}, {more} more" if more > 0 else names


def cost(found: Bisection) -> str:
    """What it took."""
    spent = found.cost
    if spent is None:
        return ""
    each = "" if spent.environment_cpu is None else f", {spent.environment_cpu:g} s of CPU each"
    return (
        f"{spent.trials} trials, {spent.runs} runs, {spent.seconds:g} s in the command;"
        f" {spent.environments} environments{each}; the cache holds {spent.disk / 1e6:,.0f} MB"
    )


def folded(held: Sequence[object]) -> str:
    """How much was held equal."""
    return f"{counted(len(held), 'difference')} held equal"
