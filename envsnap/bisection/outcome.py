"""What a run did: it worked, it failed in some way, or it cannot say."""

from __future__ import annotations

import os
import re
import signal

from msgspec import Struct

from envsnap.bisection.supervised import Ended

CANNOT_SAY, TIME_IS_UP = 125, 124
TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(
    r'^(?:  )*(?:[|+ -]*)  File "([^"\n]{1,1000})", line \d+(?:, in ([^\n]{1,300}))?$'
)
RAISED = re.compile(r"^[|+ -]*([A-Za-z_][\w.]{0,200})(?:: .*)?$")
SITE = re.compile(r"^.*/(?:site|dist)-packages/")
MOST_LINES = 20_000


class Outcome(Struct, frozen=True, kw_only=True):
    """What tells one result from another.

    `code` as in a shell, 124 where the time was up; `exception` the type that ended the program;
    `frame` the file and function it came from; `output` the digest of what it made, where that
    is the judge, or what a comparison said.
    """

    code: int
    exception: str | None = None
    frame: str | None = None
    output: str | None = None

    def told(self) -> str:
        """In a few words."""
        meaning = {CANNOT_SAY: " (cannot say)", TIME_IS_UP: " (the time was up)"}
        word = f"exit code {self.code}{meaning.get(self.code, _signal(self.code))}"
        if self.exception is not None:
            word += f", {self.exception}" + (f" in {self.frame}" if self.frame else "")
        return word + (f", output {self.output[:16]}" if self.output is not None else "")


def _signal(code: int) -> str:
    """The signal that a shell's exit code stands for; empty where it stands for none."""
    try:
        return f" ({signal.Signals(code - 128).name})" if code > 128 else ""
    except ValueError:
        return ""


def of(ended: Ended, output: str | None = None) -> Outcome:
    """Read how a run ended; `output` is the digest of what it made, where that is the judge."""
    if ended.code == 0:
        return Outcome(code=0, output=output)
    exception, frame = raised(ended.stderr.text)
    return Outcome(code=ended.code, exception=exception, frame=frame, output=output)


def raised(text: str) -> tuple[str | None, str | None]:
    """The type of the last exception of a text, and the last frame of its traceback."""
    lines = text.splitlines()[-MOST_LINES:]
    starts = [number for number, line in enumerate(lines) if line.rstrip().endswith(TRACEBACK)]
    if not starts:
        return None, None
    frame = exception = None
    for line in lines[starts[-1] + 1 :]:
        found = FRAME.match(line)
        if found is not None:
            frame = _place(found.group(1), found.group(2))
            continue
        ended = RAISED.match(line) if not line.startswith("  ") else None
        if ended is not None:
            exception = ended.group(1)
            break
    return exception, frame


def files(text: str) -> list[str]:
    """The files of the last traceback of a text, the innermost first."""
    found = [match.group(1) for line in text.splitlines() if (match := FRAME.match(line))]
    return list(dict.fromkeys(reversed(found)))


def _place(path: str, function: str | None) -> str:
    """A frame without the folders that differ from trial to trial, and without its line."""
    if SITE.match(path):
        path = SITE.sub("", path)
    elif os.path.isabs(path):
        path = os.path.basename(path)
    return f"{path}:{function}" if function else path
