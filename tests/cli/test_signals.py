"""A signal ends us wherever it arrives."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, time, weakref
from envsnap.cli import signals

class Thing:
    pass

signals.install()
thing = Thing()
held = weakref.ref(thing, lambda _: os.kill(os.getpid(), int(sys.argv[1])) or time.sleep(0.01))
try:
    del thing  # what is raised in the call is ignored
    time.sleep(30)
except (signals.Terminated, KeyboardInterrupt) as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("number", "told"), [(signal.SIGTERM, "Terminated"), (signal.SIGINT, "KeyboardInterrupt")]
)
def test_a_signal_is_not_lost_where_exceptions_are(number: int, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(int(number))],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert (done.stdout.strip(), done.stderr) == (told, "")
