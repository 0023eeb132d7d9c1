"""What is being started when the end comes: it is noted first, and ended with the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

BY_A_SIGNAL = """
import os, signal
from envsnap.cli import signals
from envsnap.targets import owned

signals.install()
told = []
try:
    with owned.starting():
        os.kill(os.getpid(), signal.NUMBER)
        told.append("started")
        FAILS
        owned.add("it", lambda: told.append("ended"))
except (signals.Terminated, KeyboardInterrupt):
    told.append("signal")
signals.end_started()
print(*told)
"""
BY_ANOTHER_THREAD = """
import threading, time
from envsnap.targets import owned

begun, told = threading.Event(), []

def start():
    with owned.starting():
        begun.set()
        time.sleep(0.5)
        owned.add("first", lambda: told.append("ended"))
    with owned.starting():
        told.append("started again")

threading.Thread(target=start, daemon=True).start()
begun.wait()
owned.close()
time.sleep(0.2)
print(*told)
"""


def said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_waits_until_what_is_started_is_noted(number: str) -> None:
    program = BY_A_SIGNAL.replace("NUMBER", number)
    assert said(program.replace("FAILS", "")) == "started signal ended"
    assert said(program.replace("FAILS", "raise OSError")) == "started signal"


def test_nothing_starts_once_the_end_has_come() -> None:
    assert said(BY_ANOTHER_THREAD) == "ended"
