"""The words of a fleet's report, for every format that people read."""

from __future__ import annotations

from collections.abc import Sequence

from envsnap.fleet import nodeset
from envsnap.fleet.kinds import Noise
from envsnap.fleet.verdict import STATES, KindVerdict, Verdict
from envsnap.model.paths import text
from envsnap.report.sanitize import plain
from envsnap.wording import counted

LONGEST_HOSTS = 60
LONGEST_MESSAGE = 160
MOST_UNKNOWN = 3


def title(verdict: Verdict) -> str:
    """How many hosts, and how many in each state: always all four."""
    total = sum(verdict.states.values())
    told = ", ".join(f"{verdict.states[state]:,} {state}" for state in STATES)
    return f"{counted(total, 'host')}: {told}"


def compared(verdict: Verdict) -> list[str]:
    """What was compared with what, a sentence a cohort."""
    if len(verdict.cohorts) == 1:
        return [f"{plain(verdict.cohorts[0].reference)}."]
    return [
        f"{plain(cohort.name)[:90]} ({cohort.hosts:,}): {plain(cohort.reference)}."
        for cohort in verdict.cohorts
    ]


def hosts(names: Sequence[str], longest: int = LONGEST_HOSTS) -> str:
    """Hosts as a node set, cut where it is too long, with the number of all."""
    folded = plain(nodeset.fold(names))
    if len(folded) <= longest:
        return folded
    cut = folded[: longest - 1].rpartition(",")[0] or folded[: longest - 1]
    return f"{cut},… ({len(names):,})"


def odd(kind: KindVerdict) -> list[tuple[str, str]]:
    """What makes a kind odd: the severity's word, and the fact, worst first."""
    told = [(found.severity.value, _message(found.message)) for found in kind.findings]
    if not kind.judged:
        told.append(("", "differs; there are too many kinds to ask the rules about each"))
    if kind.unknown:
        told.append(("unknown", untold(kind)))
    if not told and kind.state == "drifted":
        told.append(("", "the largest kind; the others are compared with it"))
    return told


def _message(text: str) -> str:
    """A finding's message; here the other side is the kind's hosts."""
    for words, here in (("on the other side only", "here only"), ("on the other side", "here")):
        text = text.replace(words, here)
    return plain(text)[:LONGEST_MESSAGE]


def untold(kind: KindVerdict) -> str:
    """What a kind could not tell, and why."""
    parts = [
        f"{plain(text(path))[:50]} ({plain(why)[:80]})"
        for path, why in list(kind.unknown.items())[:MOST_UNKNOWN]
    ]
    more = len(kind.unknown) - MOST_UNKNOWN
    return "; ".join([*parts, f"{more} more"] if more > 0 else parts)


def noise(item: Noise) -> str:
    """A fact that sets no kind apart, because each host has its own."""
    return (
        f"{plain(text(item.path))[:60]} has {item.values:,} values on {item.hosts:,} hosts;"
        " it is left out of the kinds"
    )
