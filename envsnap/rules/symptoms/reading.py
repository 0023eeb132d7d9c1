"""Reads a failure's text into evidence: sentences, tracebacks, who called whom.

Wrappers repeat what a worker said and are left out where anything else speaks. A notice that is
known to be harmless is a hint, and only for the symptoms of which it may be one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from envsnap.knowledge.tables import is_trusted, table
from envsnap.rules.symptoms import owners, trouble
from envsnap.rules.symptoms.languages import in_english
from envsnap.rules.symptoms.levels import Levels
from envsnap.rules.symptoms.lines import bare
from envsnap.rules.symptoms.sentences import Lines, Match, matches
from envsnap.rules.symptoms.tracebacks import FRAME, Traceback, tracebacks

MOST_TRACEBACKS = 24  # from either end
FRAMED = 'File "'
GAP = 8  # lines between frames of which one run of frames has fewer
BEGINS = "Traceback (most recent call last)"
RAISED = {
    "id": "traceback",
    "topic": "traceback",
    "says": "{caller} raised {exception}",
    "facts": ["packages.{caller}", "packages.{earlier}"],
    "rules": [],
    "effect": "crash",
    "fix": "Compare that package's release with the one that works.",
    "source": "",
    "basis": "primary",
    "weak": True,
}


HIDES = {
    **RAISED,
    "id": "own-file",
    "topic": "program",
    "says": "the program's own file {file} is imported in the place of the package of its name",
    "facts": ["packages.{module}", "packages.{earlier}"],
    "fix": "Rename the program's file.",
    "severity": "info",
    "program": True,
}
# Ranks that wait for one that ended, and how a program ends by its own will.
WAITS = ("collective-timeout", "nccl-socket")
OWN_END = re.compile(r"(?:if [^\n]{1,200}: ?)?(?:raise|assert)\b")
# A file of the program, by what it is called: nothing that is installed lies there.
OWN = re.compile(r"(?:^|/)(?P<module>[a-z]\w{1,60})\.py$")


class Evidence(Struct, frozen=True, kw_only=True):
    """One thing that a text says: a row of knowledge, what it names, and the line that says it.

    `number` counts lines from 1. `is_hint`: it was mentioned, or printed by a harmless notice.
    """

    row: dict[str, Any]
    groups: dict[str, str]
    line: str
    number: int
    raised: Traceback | None = None
    is_hint: bool = False

    @property
    def is_weak(self) -> bool:
        """Whether it says that something failed, and little of what."""
        return self.is_hint or bool(self.row.get("weak"))


class Reading(Struct, frozen=True):
    """What a text shows: the likeliest evidence first, and the kind of trouble.

    `harmless` are the numbers, from 0, of lines that are known to be no failure; `levels` tells
    of any line whether its log calls it a note. `telling` are the lines that may show a value
    (`naming.telling`), where somebody asks for them.
    """

    evidence: tuple[Evidence, ...]
    symptom: str | None
    lines: Lines
    harmless: frozenset[int] = frozenset()
    levels: Levels | None = None
    telling: tuple[str, ...] = ()

    def is_quiet(self, number: int) -> bool:
        """Whether a line, counted from 0, is no failure."""
        return number in self.harmless or (self.levels is not None and self.levels.is_calm(number))

    @property
    def text(self) -> str:
        """The text, in English."""
        return self.lines.text


def read(text: str, symptom: str | None = None) -> Reading:
    """Read a text; `symptom` is what its reader says that it shows, where it was said."""
    english = in_english(text)
    lines = Lines(english, text)
    found = _sentences(lines)
    shown = symptom or trouble.of_text(english, (match.row for match in found))
    harmless = {
        match.number: match.row for match in matches(lines, table("harmless_sentences")["rows"])
    }
    raised = _tracebacks(lines)
    levels = Levels(lines.lines, raised, (match.number for match in found))
    quiet = frozenset(line for line, row in harmless.items() if shown not in row["real"])
    evidence = [
        _evidence(match, lines, raised, match.number in quiet or levels.is_calm(match.number))
        for match in found
    ]
    evidence += _untold(raised, evidence, lines)
    evidence = _without_waits(evidence, raised)
    evidence = _without_hidden(evidence, raised, lines)
    return Reading(tuple(sorted(_kept(evidence), key=_order)), shown, lines, quiet, levels)


def _untold(
    raised: Sequence[Traceback], evidence: Sequence[Evidence], lines: Lines
) -> list[Evidence]:
    """Tracebacks of which no sentence speaks that says what failed."""
    told = {id(item.raised) for item in evidence if item.raised and not item.is_weak}
    return [_of_traceback(item, lines) for item in raised if item.frames and id(item) not in told]


def _without_waits(evidence: list[Evidence], raised: Sequence[Traceback]) -> list[Evidence]:
    """Evidence; that ranks wait is a hint where the program of one of them ended by itself."""
    ended = any(
        item.acting and not owners.is_installed(item.acting[-1].file)
        and OWN_END.match(item.acting[-1].source)
        for item in raised
    )  # fmt: skip
    if not ended:
        return evidence
    return [replace(item, is_hint=True) if item.row["id"] in WAITS else item for item in evidence]


def _without_hidden(
    evidence: list[Evidence], raised: Sequence[Traceback], lines: Lines
) -> list[Evidence]:
    """Evidence, where a library imports a file of the program, of that alone."""
    hiding = [(item, module) for item in raised if (module := _hiding(item))]
    ends = [item.last for item, _ in hiding]
    told = [
        Evidence(
            row=HIDES,
            groups={"module": module, "file": f"{module}.py"},
            line=f"{item.exception}: {item.message}",
            number=lines.numbered(item.last),
            raised=item,
        )
        for item, module in hiding
    ]
    return [
        *told,
        *(item for item in evidence if item.raised is None or item.raised.last not in ends),
    ]


def _hiding(raised: Traceback) -> str | None:
    """The module that a library asks for where a file of the program of its name is run."""
    for before, frame in itertools.pairwise(raised.frames):
        own = OWN.search(frame.file)
        is_run = (
            own is not None and frame.name == "<module>" and not owners.is_installed(frame.file)
        )
        if own is None or not is_run or not owners.is_installed(before.file):
            continue
        if re.match(rf"(?:import|from)\s+{own['module']}\b", before.source.strip()):
            return own["module"]
    return None


def _kept(evidence: Sequence[Evidence]) -> Sequence[Evidence]:
    """What nothing else says better; wrappers only where there is nothing else."""
    best = [item for item in evidence if not _is_told_better(item, evidence)]
    return [item for item in best if not item.row.get("wrapper")] or best


def _sentences(lines: Lines) -> list[Match]:
    """Known signatures, then the grammar."""
    return [
        match
        for name in ("failure_signatures", "failure_sentences")
        for match in matches(lines, table(name)["rows"])
    ]


def _evidence(
    match: Match,
    lines: Lines,
    raised: Sequence[Traceback],
    is_hint: bool,
) -> Evidence:
    return Evidence(
        row=match.row,
        groups=match.groups,
        line=lines.as_printed(match),
        number=lines.numbered(match.number),
        raised=next((item for item in raised if _ends_at(item, match.number)), None),
        is_hint=is_hint,
    )


def _ends_at(raised: Traceback, number: int) -> bool:
    """Whether a line belongs to the exception that a traceback ends with."""
    return raised.last <= number <= raised.last + raised.message.count("\n") + 1


def _tracebacks(lines: Lines) -> list[Traceback]:
    """Tracebacks from either end; the same one of many workers is kept once."""
    starts = [number for number, line in enumerate(lines.lines) if BEGINS in line]
    if len(starts) > 2 * MOST_TRACEBACKS:
        starts = starts[:MOST_TRACEBACKS] + starts[-MOST_TRACEBACKS:]
    whole = list(tracebacks(lines.lines, starts))
    headless = _headless(lines, whole)
    kept: dict[tuple[str, str, str], Traceback] = {}
    for found in (*whole, *tracebacks(lines.lines, headless)):
        last = found.frames[-1].file if found.frames else ""
        kept.setdefault((found.exception, found.message[:80], last), found)
    return list(kept.values())


def _headless(lines: Lines, whole: Sequence[Traceback]) -> list[int]:
    """Where frames begin that no traceback has: someone cut them out, or a log its beginning."""
    covered = {number for found in whole for number in range(found.first, found.last + 1)}
    found: list[int] = []
    last = -GAP
    for number, line in enumerate(lines.lines):
        if FRAMED in line and number not in covered and FRAME.match(bare(line)):
            if number - last >= GAP:
                found.append(number)
            last = number
    return found[:MOST_TRACEBACKS]


def _is_told_better(item: Evidence, others: Sequence[Evidence]) -> bool:
    """Whether another sentence reads the same line for the same kind of cause, and names whose it is."""
    says_whose = any(fact.startswith("packages.") for fact in item.row["facts"])
    if item.row["topic"] == "python-api" and any(
        "stdlib" in other.groups and other.number == item.number for other in others
    ):
        return True  # what another package lacks is no package's, but Python's
    return not (item.groups or says_whose) and any(
        other.groups and other.number == item.number and other.row["topic"] == item.row["topic"]
        for other in others
    )


def _of_traceback(raised: Traceback, lines: Lines) -> Evidence:
    line = f"{raised.exception}: {raised.message}" if raised.exception else raised.frames[-1].file
    return Evidence(
        row=RAISED,
        groups={"exception": raised.exception or "an error"},
        line=line.split("\n")[0],
        number=lines.numbered(raised.last),
        raised=raised,
    )


def _order(item: Evidence) -> tuple[bool, bool, bool, bool, int]:
    """What names a cause before what only failed; signatures before grammar; then as it was printed."""
    return (
        item.is_hint,
        item.is_weak,
        not is_trusted(item.row["basis"]),
        not item.row["rules"],
        item.number,
    )
