"""Compares the files that two commands wrote, each with the one that is meant to be it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from envsnap.replay.compare.printed import CLOSE, Found, State, compare
from envsnap.replay.esr.endings import Listed, Printed, Written
from envsnap.replay.esr.recording import Record
from envsnap.replay.recorder import arrays, texts
from envsnap.replay.recorder.written import MOST_FILES
from envsnap.wording import few

RANDOM = re.compile(r"(?i)[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|tmp[a-z0-9_]{8}")
STAMP = re.compile(
    r"(?<!\d)(?P<day>20\d\d-?[01]\d-?[0-3]\d)(?:[-_T.]?[0-2]\d[-_:h.]?[0-5]\d(?:[-_:m.]?[0-5]\d)?)?(?!\d)"
    r"|(?<!\d)(?P<epoch>1[5-9]\d{8})(?:\.?\d{3,9})?(?!\d)"
)
OLD_MOST, LISTS_ALL = 200, 7  # files that recordings listed before a revision
LISTS_LINKS = 10  # the revision since which they list links
MOST_MASKED = 3  # files of which is told what was masked in them
OWN_DAY = timedelta(hours=36)  # a stamp may be of another zone


Given = Mapping[str, str]  # the SHA-256 of what a run read, by name


def files(
    golden: Record,
    other: Record,
    *,
    rounding: bool,
    moves: bool,
    given: tuple[Given, Given] = ({}, {}),
) -> Found:
    """Compare the files that two commands wrote.

    `moves`: what was set may have named another folder for them. `given` are the files that each
    run read: one that a run does not write, and finds as the other one writes it, is the same, as a cache is.
    """
    golden, other = _known_to_both(golden, other)
    pairs = dict(_pairs(golden, other, moves=moves))
    alone = _alone(golden, other, pairs, given)
    unknown = _not_listed(golden) or _not_listed(other)
    if alone.told and not unknown:
        return Found(state="differs", told=alone.told)
    found: dict[str, Found] = {}
    for name, twin in pairs.items():
        one, two = golden.files[name], other.files[twin]
        targets = [_unstamped(item.link or "", of) for item, of in ((one, golden), (two, other))]
        if targets[0] != targets[1]:
            ends = " -> ".join(item.link or "a file" for item in (one, two))
            return Found(state="differs", told=f"what {name} points at: {ends}")
        found[name] = _file(name, one, two, rounding=rounding)
        if found[name].state == "differs":
            return found[name]
    return _all_of(found, unknown, "; ".join(filter(None, (_renamed(pairs), _there(alone.there)))))


class _Alone(NamedTuple):
    """The first file that one run alone writes, in words; and those that the other one found instead."""

    told: str
    there: list[str]


def _alone(
    golden: Record, other: Record, pairs: Mapping[str, str], given: tuple[Given, Given]
) -> _Alone:
    taken = set(pairs.values())
    mine = [name for name in golden.files if name not in pairs]
    theirs = [name for name in other.files if name not in taken]
    there = [name for name in mine if _is_there(name, golden, given[1])]
    there += [name for name in theirs if _is_there(name, other, given[0])]
    told = [f"{name} is not written here" for name in mine if name not in there]
    told += [f"{name} is written here only" for name in theirs if name not in there]
    return _Alone(next(iter(told), ""), there)


def _known_to_both(golden: Record, other: Record) -> tuple[Record, Record]:
    """Both runs without links, where a recording is of a revision that did not list them."""
    old = [item.recording_revision < LISTS_LINKS for item in (golden, other)]
    if old[0] is old[1]:
        return golden, other
    new = other if old[0] else golden
    counts = Counter(item.sha256 for item in new.files.values())
    known = other.files.keys() & golden.files.keys()
    files = {
        name: item
        for name, item in new.files.items()
        if name in known or not (item.link or counts[item.sha256] > 1)  # hard links are alike
    }
    left = replace(new, files=files)
    return (golden, left) if old[0] else (left, other)


def _all_of(found: Mapping[str, Found], unknown: str, renamed: str) -> Found:
    """What is said of all files, none of which differs; `unknown` says why more may be written."""
    unknown = unknown or next((item.told for item in found.values() if item.state == "unknown"), "")
    states = {"unknown" if unknown else "same", *(item.state for item in found.values())}
    order: tuple[State, ...] = ("unknown", "noise", "same")
    state = next(state for state in order if state in states)
    masked = [f"{name}: {item.masked}" for name, item in found.items() if item.masked]
    told = "; ".join(masked[:MOST_MASKED])
    return Found(state=state, told=unknown, lines=len(found), masked=told, renamed=renamed)


def _is_there(name: str, writer: Record, given: Given) -> bool:
    """Whether the run that does not write a file found the very bytes that the other one writes."""
    wrote = writer.files[name].sha256
    return wrote is not None and given.get(name) == wrote


def _there(names: Sequence[str]) -> str:
    """The files that one run wrote and the other one found, in words."""
    return (
        f"written by one run, and as they are there for the other: {few(names, 3)}" if names else ""
    )


def _renamed(pairs: Mapping[str, str]) -> str:
    """The files that met under other names, in words."""
    moved = [f"{name} -> {twin}" for name, twin in pairs.items() if name != twin]
    told = f"under other names: {', '.join(moved[:3])}" if moved else ""
    return f"{told} and {len(moved) - 3} more" if len(moved) > 3 else told


def _not_listed(record: Record) -> str:
    """That more files may have been written than are listed; empty where there are no more."""
    most = OLD_MOST if record.recording_revision < LISTS_ALL else MOST_FILES
    return f"a recording lists {most:,} files at most" if len(record.files) >= most else ""


def _pairs(golden: Record, other: Record, *, moves: bool) -> Iterator[tuple[str, str]]:
    """Files of one name; then those whose names differ in a stamp of the run, or in the folder."""
    left = {name: None for name in golden.files if name not in other.files}
    right = {name: None for name in other.files if name not in golden.files}
    yield from ((name, name) for name in golden.files if name in other.files)
    ways: list[Callable[[str, Record], str]] = [_unstamped]
    if moves:
        deepest = max((name.count("/") for name in (*left, *right)), default=0)
        ways += [_last(count) for count in range(deepest, 0, -1)]
    for way in ways:
        here, there = _by(left, golden, way), _by(right, other, way)
        for key, names in here.items():
            twins = there.get(key, [])
            if len(names) == len(twins) == 1:
                yield names[0], twins[0]
                del left[names[0]], right[twins[0]]


def _last(count: int) -> Callable[[str, Record], str]:
    """Names files by their last words; none where a name has fewer."""
    return lambda name, record: "/".join(_unstamped(name, record).split("/")[-count:])


def _by(
    names: Iterable[str], record: Record, way: Callable[[str, Record], str]
) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(way(name, record), []).append(name)
    return found


def _unstamped(name: str, record: Record) -> str:
    """A name without the run's own day and time, and without random words."""

    def masked(match: re.Match[str]) -> str:
        return "%time" if _is_own(match, record.created_at) else match[0]

    return STAMP.sub(masked, RANDOM.sub("%random", name))


def _is_own(match: re.Match[str], created_at: str) -> bool:
    """Whether a stamp is of the time at which a run was recorded."""
    try:
        made = datetime.fromisoformat(created_at)
        if match["epoch"]:
            when = datetime.fromtimestamp(int(match["epoch"]), made.tzinfo)
        else:
            when = datetime.fromisoformat(match["day"]).replace(hour=12, tzinfo=made.tzinfo)
    except (ValueError, OverflowError):
        return False
    return abs(when - made) <= OWN_DAY


def _file(name: str, one: Written, two: Written, *, rounding: bool) -> Found:
    """Compare one file, text by its lines."""
    if one.sha256 is None or two.sha256 is None:
        same = one.size == two.size
        told = "" if same else f"{name}: {one.size} bytes -> {two.size}"
        return Found(state="same" if same else "differs", told=told)
    if one.sha256 == two.sha256:
        return Found(state="same")
    if one.values is not None and one.values == two.values:
        return Found(state="noise")  # the same JSON or archive, laid out otherwise
    if not (one.lines and two.lines):
        told = (
            f"{name} holds other bytes, which may be rounding"
            if rounding
            else f"{name}: other bytes"
        )
        return Found(state="unknown" if rounding else "differs", told=told)
    if one.lines[0].startswith(arrays.MARK) and two.lines[0].startswith(arrays.MARK):
        return _arrays(name, one.lines, two.lines, rounding=rounding)
    found = compare(_as_printed(one), _as_printed(two), rounding=rounding)
    if found.state in ("same", "noise"):
        return Found(state="noise", masked=found.masked)
    if found.state == "unknown":
        return Found(state="unknown", told=f"{name}: {found.told}")
    return Found(state="differs", told=f"{name}, {found.told}")


def _arrays(name: str, one: Sequence[str], two: Sequence[str], *, rounding: bool) -> Found:
    """Compare arrays by their values: whole ones exactly, others as far as the largest allows."""
    heads = [[line for line in lines if line.startswith(arrays.MARK)] for lines in (one, two)]
    if heads[0] != heads[1]:
        return Found(state="differs", told=f"{name} holds arrays of another name, dtype or shape")
    state: State = "same"
    whole, largest, place = False, 0.0, 0
    for number, (here, there) in enumerate(zip(one, two, strict=True)):
        if here.startswith(arrays.MARK):
            whole, place = here.split()[2][0] in "biuU", 0
            largest = 0.0 if whole else _largest(one[number + 1 :])
            continue
        for a, b in zip(here.split(), there.split(), strict=True):
            if a != b and (whole or not rounding or not abs(float(a) - float(b)) <= CLOSE * largest):  # fmt: skip
                return Found(state="differs", told=f"{name}, value {place + 1}: {a} -> {b}")
            state = state if a == b else "noise"
            place += 1
    return Found(state=state)


def _largest(lines: Sequence[str]) -> float:
    """The largest finite size in the lines of one array."""
    found = 0.0
    for line in lines:
        if line.startswith(arrays.MARK):
            break
        sizes = (abs(float(word)) for word in line.split())
        found = max([found, *(size for size in sizes if size < math.inf)])  # fmt: skip
    return found


def _as_printed(item: Written) -> Printed:
    listed = {name: getattr(item, name) for name in Listed.__struct_fields__}
    whole = not item.lines or len(item.lines) < texts.MOST_LINES
    return Printed(size=item.size, sha256=item.sha256 or "", whole=whole, **listed)
