"""Tracebacks of Python: their frames, and the exception that ends each.

They stand in logs with prefixes, in chains ("During handling of…"), in groups, and are cut off at
either end. Frames of one traceback have one prefix; lines of other workers between them are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from envsnap.rules.symptoms.lines import bare, prefix

FRAME = re.compile(
    r'\s{0,12}File "(?P<file>[^"\n]{1,300})", line (?P<line>\d{1,7})(?:,? in (?P<name>\S{1,120}))?'
)
EXCEPTION = re.compile(
    r"(?P<name>(?:(?:[A-Za-z_]\w{0,80}\.){0,8}[A-Z]|(?:[A-Za-z_]\w{0,80}\.){1,8}_[A-Z])\w{0,80})(?:: (?P<message>.{0,2000}))?$"
)
MARK = re.compile(r"\s{0,20}[~^]{1,400}\s{0,20}$")
# What calls the program's own functions and classes for it: an error in the call is not of theirs.
PASSES_ON = re.compile(
    r"/torch/nn/modules/module\.py:(?:_call_impl|_wrapped_call_impl|_slow_forward|__getattr__)"
    r"|/torch/_dynamo/eval_frame\.py:\w*|/torch/utils/_contextlib\.py:decorate_context"
    r"|/click/core\.py:(?:invoke|main|__call__)|/_pytest/python\.py:\w*|/pluggy/\w{1,40}\.py:\w*"
    r"|/accelerate/hooks\.py:new_forward"
)
REVERSED = "(most recent call first)"
MOST_FRAMES = 200
LONGEST = 600  # lines after which a traceback without an end is given up
MESSAGE_LINES = 4


class Frame(Struct, frozen=True):
    """A call: the file it is in, the function, and its line where the text has it."""

    file: str
    name: str
    source: str = ""


class Traceback(Struct, frozen=True):
    """Frames, outermost first, and the exception. `first` and `last` are numbers of lines."""

    frames: tuple[Frame, ...]
    exception: str
    message: str
    first: int
    last: int

    @property
    def acting(self) -> tuple[Frame, ...]:
        """The frames without those that only pass a call on."""
        return tuple(
            item
            for item in self.frames
            if not PASSES_ON.search(f"{item.file.replace(chr(92), '/')}:{item.name}")
        )


def tracebacks(lines: Sequence[str], starts: Sequence[int]) -> Iterator[Traceback]:
    """The tracebacks that begin at these lines; `first` and `last` count from 0."""
    for start in starts:
        found = _read(lines, start)
        if found is not None:
            yield found


def _read(lines: Sequence[str], start: int) -> Traceback | None:
    """A traceback from its first line; one without an end has no exception.

    Python's handler of faults prints the last call first.
    """
    mine = prefix(lines[start])
    frames: list[Frame] = []
    last = start
    for number in range(start, min(len(lines), start + LONGEST)):
        if prefix(lines[number]) != mine:
            continue
        line = bare(lines[number])
        if _is_of_a_frame(line, frames):
            last = number if FRAME.match(line) else last
            continue
        if frames and (ending := EXCEPTION.match(line.strip())):
            message = _message(lines, number, mine, ending["message"] or "")
            return Traceback(tuple(frames), ending["name"], message, start, number)
        if number > start and "Traceback (most recent call last)" in line:
            break
    if start and REVERSED in lines[start - 1]:
        return Traceback(tuple(frames[::-1]), "", "", start, start) if frames else None
    return Traceback(tuple(frames), "", "", start, last) if frames else None


def _is_of_a_frame(line: str, frames: list[Frame]) -> bool:
    """Whether a line is a frame's, or the source below one: then it is added to the frames."""
    match = FRAME.match(line)
    if match and len(frames) < MOST_FRAMES:
        frames.append(Frame(match["file"], match["name"] or ""))
        return True
    if not frames or line[:4].strip() or not line.strip():
        return False
    if not MARK.match(line) and not frames[-1].source:
        frames[-1] = Frame(frames[-1].file, frames[-1].name, line.strip()[:300])
    return True


def _message(lines: Sequence[str], number: int, mine: str, first: str) -> str:
    """An exception's message, with the lines that it goes on for."""
    told = [first]
    for line in lines[number + 1 : number + 1 + MESSAGE_LINES]:
        if prefix(line) != mine or not bare(line).strip() or "Traceback (most" in line:
            break
        told.append(bare(line))
    return "\n".join(told)
