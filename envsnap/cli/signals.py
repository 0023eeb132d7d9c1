"""Signals that end us: what we started ends first, and temporary folders go."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


AGAIN_SECONDS = 0.05


class Terminated(BaseException):
    """A signal asks us to end; no handler of errors may stop it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def install() -> None:
    """Let SIGTERM and SIGHUP unwind the stack, so that each `with` and `finally` does its work."""
    with contextlib.suppress(ValueError):  # in another thread, where no signal arrives
        for number in _numbers():
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _interrupt)
        sys.unraisablehook = _raised_in_vain


def end_started() -> None:
    """End what was started and is not ended yet, if anything was."""
    owned = sys.modules.get("envsnap.targets.owned")
    if owned is not None:
        owned.close()


def end(number: int) -> None:
    """End as the signal would have ended us: whoever waits for us must see which it was."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _raised_in_vain(told: sys.UnraisableHookArgs) -> None:
    """What we raised where Python lets nothing through, as in a weak reference's call, comes again."""
    error = told.exc_value
    if not isinstance(error, Terminated | KeyboardInterrupt) or not hasattr(signal, "setitimer"):
        sys.__unraisablehook__(told)
        return

    def again(*_: object) -> None:
        raise error

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)


def _numbers() -> list[int]:
    return [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


def _has_to_wait(answer: Callable[[], object]) -> bool:
    owned = sys.modules.get("envsnap.targets.owned")
    return owned is not None and bool(owned.put_off(answer))


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not _has_to_wait(lambda: _interrupt(number, frame)):
        signal.default_int_handler(number, frame)


def _end(number: int, frame: object) -> None:
    if _has_to_wait(lambda: _end(number, frame)):
        return
    for each in _numbers():  # a second one must not cut the clearing up short
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(number)
