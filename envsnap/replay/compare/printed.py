"""Compares what two commands printed and wrote: the answer that a person reads.

Numbers may differ by rounding where the models' results do; words may not. What is masked by its
shape, or is known to differ between two golden runs, is counted and said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal, TypeAlias

from msgspec import Struct

from envsnap.replay.compare import moved
from envsnap.replay.esr.endings import Printed
from envsnap.replay.recorder import texts
from envsnap.wording import counted

NUMBER = re.compile(texts.NUMBER)
MARK = re.compile(r"%[a-z]+")
SECRET = "%secret"  # noqa: S105  # as recordings mark one
LONGEST_MARKED = 12  # words: 2024-03-14T10:15:00.123+01:00
CLOSE = 1e-4  # two printed numbers that differ by less, where results differ by rounding
MOST_SHOWN = 160
State = Literal["same", "noise", "differs", "unknown"]
Line: TypeAlias = tuple[str, str | None]  # its words, and a digest of its blanks


class Found(Struct, frozen=True, kw_only=True):
    """What was printed: its state, the first line that differs, and what was not compared."""

    state: State
    told: str = ""
    masked: str = ""
    renamed: str = ""  # files that met under other names
    lines: int = 0
    answers: bool = False  # whether anything was printed that could be an answer


def compare(
    golden: Printed | None, other: Printed | None, *, rounding: bool, words: Sequence[str] = ()
) -> Found:
    """Compare two outputs; `words` are texts that may stand behind digests."""
    if golden is None or other is None:
        return Found(state="unknown", told="what was printed is not known on both sides")
    count = _count(golden)
    if golden.sha256 == other.sha256:
        return Found(state="same", lines=count, answers=bool(golden.size))
    book = _book([*other.lines, *golden.lines], words)
    learnt = set(golden.varies)
    state: State = "same"
    dates = bool(golden.masked), bool(other.masked)  # older recordings masked those of any day
    mine, theirs = _without_times(_laid_out(golden), _laid_out(other), learnt)
    for number, (one, two) in enumerate(zip_longest(mine, theirs, fillvalue=(None, None))):
        if (number, -1) in learnt:
            continue
        here, there = one[0], two[0]
        found = _line(here, there, number, learnt, dates, rounding=rounding)
        if None not in (one[1], two[1]) and one[1] != two[1] and texts.alike(here, there):
            told = f"line {number + 1} has other {_of_layout(here)}: {_shown(here, there, book)}"
            return _differs(told, golden)
        if found == "differs":
            shown = f"line {number + 1}: {_shown(here, there, book)} -> {_shown(there, here, book)}"
            return _differs(shown, golden)
        state = "noise" if found == "noise" else state
    if _goes_on(golden, other, learnt):
        told = f"the output is longer than what is compared, and differs after line {count}"
        return Found(state="unknown", told=told, lines=count)
    if told := moved.told(golden, other):
        return _differs(told, golden)
    if state == "same" and _hides_a_secret(golden, other):
        return Found(
            state="unknown", told="what is printed differs where a secret is left out",
            masked=_masked(golden), lines=count,
        )  # fmt: skip
    return Found(state=state, masked=_masked(golden), lines=count, answers=bool(golden.size))


def _count(side: Printed) -> int:
    """How many lines were printed: behind the last line end stands nothing."""
    return len(side.lines) - (side.rest is None and side.lines[-1:] == ("",))


def _differs(told: str, golden: Printed) -> Found:
    """That what is printed differs, and where."""
    return Found(
        state="differs", told=told, masked=_masked(golden), lines=_count(golden), answers=True
    )


def _laid_out(side: Printed) -> list[Line]:
    """Lines, each with the digest of its blanks; of older recordings nobody knows these."""
    layout = side.layout if len(side.layout) == len(side.lines) else ()
    return list(zip_longest(side.lines, layout))


def _of_layout(line: str | None) -> str:
    """What may differ in a line whose listed words are equal."""
    return "words at its end" if len((line or "").split()) >= texts.MOST_WORDS else "blanks"


def _goes_on(golden: Printed, other: Printed, learnt: set[tuple[int, int]]) -> bool:
    """Whether what is not listed may differ: its digest tells, and of older recordings the size."""
    if golden.whole and other.whole:
        return False
    if golden.rest is None or other.rest is None:
        return golden.size != other.size
    return golden.rest != other.rest and (len(golden.lines), -1) not in learnt


def _hides_a_secret(*sides: Printed) -> bool:
    """Whether nothing but what was taken for a secret can be what differs.

    Its digest is not kept, as it could be guessed. What a script calls a token may be its answer.
    """
    words = {word for side in sides for line in side.lines for word in line.split()}
    marks = {word for word in words if word.startswith("%")}
    return marks == {SECRET} and not any(side.varies for side in sides)


# Words of a line that tells when something was, how long it took, or which run it was of.
TOOK = frozenset(
    map(
        texts.digested,
        [
            "took",
            "elapsed",
            "time",
            "Time",
            "Elapsed",
            "duration",
            "runtime",
            "finished",
            "Finished",
            "started",
            "Started",
            "done",
            "Done",
            "date",
            "Date",
            "timestamp",
            "Timestamp",
            "created",
            "created_at",
            "generated",
            "generated_at",
            "Generated",
            "saved_at",
            "run_id",
            "request_id",
            "trace_id",
            "session",
            "uuid",
        ],
    )
)
MARKS = ("%time", "%uuid")
MOST_OF_A_TIME = 4
OF_A_TIME = "%time"
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _without_times(
    mine: Sequence[Line], theirs: Sequence[Line], learnt: set[tuple[int, int]]
) -> tuple[Sequence[Line], Sequence[Line]]:
    """Both outputs without lines that only one has, and that tell how long something took.

    Where both have such lines that differ, their words may be an answer: then nothing is left out.
    """
    here, there = ({line for line, _ in side} for side in (mine, theirs))
    alone, more = set(filter(_tells_a_time, here - there)), set(filter(_tells_a_time, there - here))
    kept, others = _without(mine, alone), _without(theirs, more)
    if learnt or (alone and more) or len(kept) != len(others):
        return mine, theirs
    return kept, others


def _without(side: Sequence[Line], lines: set[str]) -> list[Line]:
    return [item for item in side if item[0] not in lines]


def _tells_a_time(line: str) -> bool:
    """Whether a short line says when, how long or of which run, and holds no number beside it."""
    words = texts.as_digests(line.split())
    rest = [word for word in words if not MARK.fullmatch(word)]
    told = [word for word in rest if word.startswith("#")]
    return (
        any(mark in words for mark in MARKS)
        and len(told) <= MOST_OF_A_TIME
        and not TOOK.isdisjoint(told)
        and not any(NUMBER.fullmatch(word) for word in rest)
    )


def _line(
    here: str | None,
    there: str | None,
    number: int,
    learnt: set[tuple[int, int]],
    dates: tuple[bool, bool],
    *,
    rounding: bool,
) -> State:
    """How two lines compare; `dates` says of which side a mark stands for no other day's date."""
    if here == there:
        return "same"
    if here is None or there is None:
        return "same" if not (here or there) else "differs"
    one, two = texts.as_digests(here.split()), texts.as_digests(there.split())
    state: State = "same"
    for place, a, b in _pairs(one, two, dates):
        if a == b or (number, place) in learnt:
            continue
        if not (rounding and _close(a, b)):
            return "differs"
        state = "noise"
    return state


def _pairs(
    one: list[str], two: list[str], dates: tuple[bool, bool]
) -> Iterator[tuple[int, str, str]]:
    """The words of two lines that stand against each other, with their places in the first.

    A mark on one side alone stands for whatever the other side has there, up to the next word that
    both have: what a run's times are depends on the run. A date stays one: not of that run's day.
    """
    at, by = 0, 0
    while at < len(one) and by < len(two):
        a, b = one[at], two[by]
        at, by = at + 1, by + 1
        if a == b or any(
            (
                _is_another_day(a, two[by - 1 : by + 4], known=dates[0]),
                _is_another_day(b, one[at - 1 : at + 4], known=dates[1]),
            )
        ):
            yield at - 1, a, b
        elif MARK.fullmatch(a) and not MARK.fullmatch(b):
            by = _after_mark(one[at : at + 1], two, by)
        elif MARK.fullmatch(b) and not MARK.fullmatch(a):
            at = _after_mark(two[by : by + 1], one, at)
        elif not (MARK.fullmatch(a) and MARK.fullmatch(b)):
            yield at - 1, a, b
    if at < len(one) or by < len(two):
        yield at, " ".join(one[at : at + 1]), " ".join(two[by : by + 1])


def _is_another_day(word: str, words: list[str], *, known: bool) -> bool:
    """Whether a date stands where the other side has a time of its run, of which that is known."""
    return known and word == OF_A_TIME and DATE.fullmatch("".join(words)) is not None


def _after_mark(following: list[str], words: list[str], start: int) -> int:
    """Where the words go on for which a mark stands that this word follows."""
    if not following:
        return len(words) if len(words) - start <= LONGEST_MARKED else start
    ends = range(start, min(len(words), start + LONGEST_MARKED))
    return next((place for place in ends if words[place] == following[0]), start)


def _close(one: str, two: str) -> bool:
    """Whether two numbers are the same but for rounding or for the last digit that is shown."""
    if not (NUMBER.fullmatch(one) and NUMBER.fullmatch(two)):
        return False
    if not any(mark in one + two for mark in ".eE"):
        return False  # whole numbers are counts and labels
    a, b = float(one), float(two)
    places = [text.lower().partition("e")[0].partition(".")[2] for text in (one, two)]
    exponents = [int(text.lower().partition("e")[2] or 0) for text in (one, two)]
    step = 10.0 ** (max(exponents) - max(map(len, places))) if max(map(len, places)) >= 3 else 0.0
    return abs(a - b) <= max(1.01 * step, CLOSE * max(abs(a), abs(b)))


def _book(lines: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    """Texts by their digests."""
    known = {word for line in lines for word in line.split() if not word.startswith("#")}
    return {texts.digested(word): word for word in (*known, *words)}


def _shown(line: str | None, beside: str | None, book: Mapping[str, str]) -> str:
    """A line for people: around the first word that differs, digests by their texts."""
    if line is None:
        return "(no such line)"
    words = line.split()
    marks = (beside or "").split()
    pairs = zip(texts.as_digests(words), texts.as_digests(marks), strict=False)
    first = next(
        (place for place, (a, b) in enumerate(pairs) if a != b), min(len(words), len(marks))
    )
    start = max(0, first - 6)
    part = [_readable(book.get(word, word)) for word in words[start : first + 8]]
    text = " ".join(part)[:MOST_SHOWN]
    return f"`{'… ' if start else ''}{text}{' …' if first + 8 < len(words) else ''}`"


def _readable(word: str) -> str:
    """A word for people: of a digest nobody knows the text."""
    if word.startswith("%path#"):
        return "(a path)"
    if word.startswith("%path/"):
        return f"…{word[5:]}"
    return "(a word)" if word.startswith("#") and len(word) > 1 else word


def _masked(golden: Printed) -> str:
    """What was left out of the comparison, in words."""
    words = [word for line in golden.lines for word in line.split() if word.startswith("%")]
    counts = Counter(word[1:] for word in words if MARK.fullmatch(word))
    counts["folder of a path"] = sum(word.startswith(("%path#", "%path/")) for word in words)
    parts = [_times(count, kind) for kind, count in sorted(counts.items()) if count]
    if golden.varies:
        parts.append(f"{len(golden.varies)} places that two golden runs differ in")
    return f"not compared: {', '.join(parts)}" if parts else ""


def _times(count: int, kind: str) -> str:
    return f"{count} folders of paths" if kind.startswith("folder") and count > 1 else counted(count, kind)  # fmt: skip
