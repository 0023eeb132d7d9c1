"""What a command prints, as lines of words that can be compared and need not be kept as text.

Numbers and signs stand as they are. A word is a digest, unless texts were asked for. What differs
from run to run is no answer, and a mark stands for it: times of the run itself, how long
something took in it, rates, addresses, the folders of paths. A time or a date that cannot be the run's is an answer.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import time
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import zip_longest
from typing import Any

from envsnap.replay.esr.endings import Listed, Printed
from envsnap.replay.recorder.inside.settings import digest
from envsnap.replay.recorder.known import ADDRESS, NOTHING, UUID
from envsnap.replay.recorder.masks import Masks

MOST_LINES = 5000
MOST_WORDS = 400
LONGEST = 64 << 10
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
# The shapes of what differs from run to run, with the mark of each, and what says that it may.
DAY, MINUTE, SECOND, TURN = 86_400, 60.0, 2.0, 900  # zones are quarters of hours apart
WEST, EAST = 12 * 3600, 14 * 3600  # the zones that are farthest from UTC
OF_DAY = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?")
# Places in a recording: of SubRip, WebVTT and Whisper, of LRC, of SubStation Alpha.
TIMECODES = re.compile(r"\d ?--> ?\d|^\[\d{1,3}:\d\d\.\d{2,3}\]|^Dialogue: ")
DATED = re.compile(r"\d{4}-\d\d-\d\d[T ]\Z")  # of the run's own day, the time went with the date
During = tuple[float, float]  # when a run began and ended, in seconds since 1970
UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "minute": 60, "minutes": 60,
}  # fmt: skip


def _is_date_of(match: re.Match[str], during: During) -> bool:
    """Whether a date, or a time of a day, is that of the run's clock: in UTC or the zone it runs in.

    To the second it may be of any zone, whose clocks are quarters of an hour apart.
    """
    try:
        day = dt.datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=dt.UTC).timestamp()
    except ValueError:
        return False
    zones = 0, time.localtime(during[0]).tm_gmtoff
    clock = OF_DAY.search(match[0][len("2000-01-01") :])
    if clock is None:
        return any(during[0] - DAY < day - zone <= during[1] for zone in zones)
    after = day + int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0) - during[0]
    took = during[1] - during[0]
    if clock[3]:
        is_near = (after + SECOND) % TURN <= took + 2 * SECOND
        return is_near and -WEST - SECOND <= after <= took + EAST + SECOND
    return any(-MINUTE <= after - zone <= took for zone in zones)


def _is_time_of(match: re.Match[str], during: During) -> bool:
    """Whether a time is one of the run's clock, or passed while it ran.

    To the second it may be of any zone; a time without seconds would be so by chance far too often.
    Beside another day's date it is none, and neither are the time codes of captions.
    """
    if TIMECODES.search(match.string):
        return False
    one, two, three = int(match[1]), int(match[2]), match[3]
    took = during[1] - during[0] + 1
    passed = one * 3600 + two * 60 + int(three) if three else one * 60 + two
    if passed <= took:
        return True
    if one > 23 or DATED.search(match.string[: match.start()]):
        return False
    clock = one * 3600 + two * 60 + int(three or 0)
    if three:
        return (clock - during[0] + SECOND) % TURN <= took + 2 * SECOND
    zones = 0, time.localtime(during[0]).tm_gmtoff
    return any((clock - during[0] - zone + MINUTE) % DAY <= took + MINUTE for zone in zones)


def _took(match: re.Match[str], during: During) -> bool:
    """Whether something may have taken so long: no longer than the run, on each of some cores."""
    scale = UNITS.get(match[2].lower())
    return scale is None or float(match[1]) * scale <= 4 * (during[1] - during[0] + 1)


def _always(*_: object) -> bool:
    return True


def _is_random(match: re.Match[str], _: During) -> bool:
    """Whether a UUID may be another in each run: versions 3 and 5 are digests of a name."""
    return match[0][14] not in "35"


SHAPES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str], During], bool]], ...] = (
    ("uuid", re.compile(UUID), _is_random),
    ("time", re.compile(
        r"\b(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    ), _is_date_of),
    ("time", re.compile(r"(?<![\d.])(?<!\d[+-])(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d{1,9})?(?![\d.])"), _is_time_of),
    ("time", re.compile(
        rf"(?<![\w.])({NUMBER}) ?(ns|us|µs|ms|s|sec|secs|seconds?|minutes?|it/s|s/it|tok/s|tokens/s|"
        r"[KMG]i?B/s|[kMG]B/s|req/s|fps|FPS)\b(?! %time)"
    ), _took),
    ("time", re.compile(
        r"(?<=seconds=)\d+\.\d+|(?<=elapsed: )\d+\.\d+|(?<=elapsed=)\d+\.\d+|(?<=latency=)\d+\.\d+"
    ), _always),
    ("address", re.compile(ADDRESS), _always),
    ("path", re.compile(r"(?<![\w.:/])(?:~|\.{1,2})?/(?:[\w.@+-]+/)+[\w.@+-]*|(?<![\w.:/])/(?:tmp|home|root|var|opt|srv|mnt|data|work|usr)(?:/[\w.@+-]+|(?![\w.@+-]))"), _always),
)  # fmt: skip
# What a program makes under a name of its own for each run.
GIVEN = ("uuid", "time", "address", "path")  # what a run may have read in a file
FLEETING = re.compile(r"^(?:/private)?(?:/var)?/tmp/|/\.cache/|^/(?:proc|dev|run)/")
# `loss 3.14 tok/s 182`: where names and numbers take turns to the end, a rate's unit is a name.
TURNS = re.compile(rf"\s*(?:[^\s\d=:,|][^\s=:,|]*[ =:]{{1,3}}{NUMBER}%?(?:[\s,|]+|\Z))+\Z")
RATE = re.compile(rf"\b((?:it|tok|tokens|samples|req)/s|fps|FPS)[ =:]+{NUMBER}")
BETWEEN = re.compile(r"(?<=\d\d-\d\d)T(?=\d\d:)")  # a date and its time
FILE = re.compile(r"[\w.@+-]*\w\.[A-Za-z]\w{0,9}\Z")
BAR = re.compile(r"\d{1,3}%\|")
PIECES = re.compile(
    rf"%path/[\w.@+-]+|%[a-z]+|(?<![\w.]){NUMBER}(?![\w.]*\w)|[^\W_][\w'-]*|[^\w\s]|_+"
)
DIGIT, DATE = re.compile(r"\d"), re.compile(r"\d{4}-\d\d-\d\d")
PLAIN = re.compile(rf"%[a-z]+|{NUMBER}|[^\w\s]|_+")


def listed(
    data: bytes,
    during: During,
    *,
    text: bool,
    known: Container[str] = NOTHING,
    clocks: bool = True,
) -> Listed:
    """The lines of the output of a run; words as digests unless `text`.

    What is `known` was given to the run, and is not masked, whatever its shape. A program that asks
    no `clocks` took its durations from elsewhere: they are told.
    Of a mark for few digits `masked` has only the kind: they may agree by chance.
    """
    digests: dict[str, str] = {}
    here = os.path.join(os.getcwd(), "")
    found, layout, masked, took = [], [], [], []
    rest, count = 0, 0
    for count, (line, more) in enumerate(_plain(data), 1):
        durations: list[str] = []
        shown, hidden = _marked(line, during, here, known, durations)
        laid = f"{_laid_out(shown)}\0{more}".encode("utf-8", "surrogatepass")
        if count > MOST_LINES:
            rest = zlib.crc32(laid, rest)
            continue
        words = [_word(word, digests, text=text) for word in PIECES.findall(shown)]
        found.append(" ".join(words[:MOST_WORDS]))
        layout.append(f"{zlib.crc32(laid):08x}")
        masked.append(" ".join(hidden))
        took.append(" ".join(f"{zlib.crc32(word.encode()):08x}" for word in durations))
    return Listed(
        lines=tuple(found),
        layout=tuple(layout),
        masked=tuple(masked) if any(masked) else (),
        took=() if clocks or not any(took) else tuple(took),
        rest=f"{rest:08x}" if count > MOST_LINES else None,
    )


def _laid_out(shown: str) -> str:
    """A line with its indentation, and with where blanks are; how many align columns.

    Around a mark they depend on how long it is what stood there.
    """
    if "%" in shown:
        return " ".join(shown.split())
    inner = shown.lstrip()
    return shown[: len(shown) - len(inner)] + re.sub(" {2,}", " ", inner.rstrip())


def _plain(data: bytes) -> Iterator[tuple[str, str]]:
    """Lines without escapes and without progress bars, as they stand in the end.

    Of a very long one the end comes apart: it is not looked through.
    """
    masks = Masks(MOST_LINES)
    for whole in data.decode("utf-8", "backslashreplace").split("\n"):
        line = whole
        if "\r" in line:
            parts = [part for part in line.split("\r") if part.strip()]
            bars = [part for part in parts if BAR.search(part)]
            line = "" if bars and len(bars) == len(parts) else (parts or [""])[-1]
            if not line.strip() or BAR.search(line):
                continue
        elif BAR.search(line):
            continue
        yield masks.shown(ESCAPES.sub("", line[:LONGEST]).rstrip()), line[LONGEST:]


def _marked(
    line: str, during: During, here: str, known: Container[str], durations: list[str]
) -> tuple[str, list[str]]:
    """A line with marks for what is masked by its shape, and what that is; `durations` take up theirs.

    `here` is the working folder.
    """
    hidden: list[str] = []
    if RATE.search(line) and TURNS.match(line):
        line = RATE.sub(r"\1 %time ", line)
    for kind, shape, varies in SHAPES:

        def marked(match: re.Match[str], kind: str = kind, varies: Any = varies) -> str:
            if not varies(match, during) or (kind in GIVEN and match[0] in known):
                return match[0]
            name = match[0].rpartition("/")[2] if kind == "path" else ""
            fleeting = FLEETING.search(match[0]) and not match[0].startswith(here)
            kept = name and FILE.match(name) and not fleeting
            hidden.append(_digest_of(kind, "" if fleeting else match[0]))
            durations.extend([match[0]] if varies is _took else ())
            return f" %path/{name} " if kept else f" %{kind} "

        line = shape.sub(marked, line)
    return BETWEEN.sub(" T ", line), hidden


def _digest_of(kind: str, text: str) -> str:
    """What a mark stands for: of few digits nothing, as clocks and counters often agree in them."""
    tells = len(text) > 5 and (kind != "time" or (len(DIGIT.findall(text.lstrip("0:."))) > 3 and not DATE.fullmatch(text)))  # fmt: skip
    return f"{kind}:{zlib.crc32(text.encode()):08x}" if tells else f"{kind}:-"


def _word(word: str, known: dict[str, str], *, text: bool) -> str:
    if text or PLAIN.fullmatch(word):
        return word
    told = known.get(word)
    if told is None:
        told = known[word] = digested(word)
    return told


def digested(word: str) -> str:
    """A word's digest; a path's mark stays before that of its file's name."""
    return f"%path{digest(word[6:])}" if word.startswith("%path/") else digest(word)


def as_digests(words: Iterable[str]) -> list[str]:
    """Words of either kind as they would be without their texts."""
    return [
        word if word.startswith(("#", "%path#")) or PLAIN.fullmatch(word) else digested(word)
        for word in words
    ]


def alike(one: str | None, other: str | None) -> bool:
    """Whether two lines are the same, one of which may have texts where the other has digests."""
    if one == other or one is None or other is None:
        return one == other
    return as_digests(one.split()) == as_digests(other.split())


def varying(one: Printed, other: Printed) -> tuple[tuple[int, int], ...]:
    """Places that differ between two outputs of one command: line and word, or -1 for a line.

    Of lines that are not listed the place is that of the first of them.
    """
    found = []
    sides = [list(zip_longest(side.lines, side.layout)) for side in (one, other)]
    for number, (mine, theirs) in enumerate(zip_longest(*sides, fillvalue=(None, None))):
        here, there = (line if line is None else line.split() for line in (mine[0], theirs[0]))
        if here is None or there is None or len(here) != len(there):
            found.append((number, -1))
            continue
        places = [
            (number, place) for place, (a, b) in enumerate(zip(here, there, strict=True)) if a != b
        ]
        found += places or ([(number, -1)] if mine[1] != theirs[1] else [])
    if one.rest != other.rest:
        found.append((len(one.lines), -1))
    return tuple(found)
