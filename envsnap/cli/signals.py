"""Signals that end us: what we started ends first, and temporary folders go."""

from __future__ import annotations

import os
import signal
import sys
import threading


class Terminated(BaseException):
    """A signal asks us to end; no handler of errors may stop it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def install() -> None:
    """Let SIGTERM and SIGHUP unwind the stack, so that each `with` and `finally` does its work."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _numbers():
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def end_started() -> None:
    """End what was started and is not ended yet, if anything was."""
    owned = sys.modules.get("envsnap.targets.owned")
    if owned is not None:
        owned.end_all()


def end(number: int) -> None:
    """End as the signal would have ended us: whoever waits for us must see which it was."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _numbers() -> list[int]:
    return [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


def _end(number: int, _frame: object) -> None:
    for each in _numbers():  # a second one must not cut the clearing up short
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(number)
