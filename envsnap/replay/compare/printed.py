"""Compares what two commands printed and wrote: the answer that a person reads.

Numbers may differ by rounding where the models' results do; words may not. What is masked by its
shape, or is known to differ between two golden runs, is counted and said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from envsnap.replay.esr.recording import Printed, Written
from envsnap.replay.recorder import texts
from envsnap.replay.recorder.inside.settings import digest
from envsnap.wording import counted

NUMBER = re.compile(texts.NUMBER)
CLOSE = 1e-4  # two printed numbers that differ by less, where results differ by rounding
MOST_SHOWN = 160
State = Literal["same", "noise", "differs", "unknown"]


class Found(Struct, frozen=True, kw_only=True):
    """What was printed: its state, the first line that differs, and what was not compared."""

    state: State
    told: str = ""
    masked: str = ""
    lines: int = 0
    answers: bool = False  # whether anything was printed that could be an answer


def compare(
    golden: Printed | None, other: Printed | None, *, rounding: bool, words: Sequence[str] = ()
) -> Found:
    """Compare two outputs; `words` are texts that may stand behind digests."""
    if golden is None or other is None:
        return Found(state="unknown", told="what was printed is not known on both sides")
    count = len(golden.lines)
    if golden.sha256 == other.sha256:
        return Found(state="same", lines=count, answers=bool(golden.size))
    book = _book([*other.lines, *golden.lines], words)
    learnt = set(golden.varies)
    state: State = "same"
    for number in range(max(count, len(other.lines))):
        if (number, -1) in learnt:
            continue
        here = golden.lines[number] if number < count else None
        there = other.lines[number] if number < len(other.lines) else None
        found = _line(here, there, number, learnt, rounding=rounding)
        if found == "differs":
            shown = f"line {number + 1}: {_shown(here, there, book)} -> {_shown(there, here, book)}"
            return Found(
                state="differs", told=shown, masked=_masked(golden), lines=count, answers=True
            )
        state = "noise" if found == "noise" else state
    if not (golden.whole and other.whole) and golden.size != other.size:
        return Found(
            state="unknown", told="the output is longer than what is compared", lines=count
        )
    return Found(state=state, masked=_masked(golden), lines=count, answers=bool(golden.size))


def _line(
    here: str | None,
    there: str | None,
    number: int,
    learnt: set[tuple[int, int]],
    *,
    rounding: bool,
) -> State:
    if here == there:
        return "same"
    if here is None or there is None:
        return "same" if not (here or there) else "differs"
    one, two = here.split(), there.split()
    if len(one) != len(two):
        return "differs"
    state: State = "same"
    pairs = zip(texts.as_digests(one), texts.as_digests(two), strict=True)
    for place, (a, b) in enumerate(pairs):
        if a == b or (number, place) in learnt:
            continue
        if not (rounding and _close(a, b)):
            return "differs"
        state = "noise"
    return state


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
    return {digest(word): word for word in (*known, *words)}


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
    part = [book.get(word, "(a word)" if word.startswith("#") and len(word) > 1 else word) for word in words[start : first + 8]]  # fmt: skip
    text = " ".join(part)[:MOST_SHOWN]
    return f"`{'… ' if start else ''}{text}{' …' if first + 8 < len(words) else ''}`"


def _masked(golden: Printed) -> str:
    """What was left out of the comparison, in words."""
    counts = Counter(
        word[1:] for line in golden.lines for word in line.split() if re.fullmatch(r"%[a-z]+", word)
    )
    parts = [counted(count, kind) for kind, count in sorted(counts.items())]
    if golden.varies:
        parts.append(f"{len(golden.varies)} places that two golden runs differ in")
    return f"not compared: {', '.join(parts)}" if parts else ""


def files(golden: Mapping[str, Written], other: Mapping[str, Written], *, rounding: bool) -> Found:
    """Compare the files that two commands wrote."""
    for name in golden:
        if name not in other:
            return Found(state="differs", told=f"{name} is not written here")
    states: list[State] = ["same"]
    for name, two in other.items():
        one = golden.get(name)
        if one is None:
            return Found(state="differs", told=f"{name} is written here only")
        found = _file(name, one, two, rounding=rounding)
        if found.state == "differs":
            return found
        states.append(found.state)
    order: tuple[State, ...] = ("unknown", "noise", "same")
    state = next(item for item in order if item in states)
    told = "files hold other bytes, which may be rounding" if state == "unknown" else ""
    return Found(state=state, told=told, lines=len(golden))


def _file(name: str, one: Written, two: Written, *, rounding: bool) -> Found:
    """Compare one file, text by its lines."""
    if one.sha256 is None or two.sha256 is None:
        same = one.size == two.size
        told = "" if same else f"{name}: {one.size} bytes -> {two.size}"
        return Found(state="same" if same else "differs", told=told)
    if one.sha256 == two.sha256:
        return Found(state="same")
    if not (one.lines and two.lines):
        return Found(state="unknown" if rounding else "differs", told=f"{name}: other bytes")
    found = compare(_as_printed(one), _as_printed(two), rounding=rounding)
    if found.state in ("same", "noise"):
        return Found(state="noise")
    return Found(state="differs", told=f"{name}, {found.told}")


def _as_printed(item: Written) -> Printed:
    return Printed(size=item.size, sha256=item.sha256 or "", lines=item.lines)
