"""The bar of a build: on a terminal one line that changes, elsewhere a line a step."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

PROGRAM = """
from envsnap.cli.images import Progress
with Progress() as progress:
    progress.hear(1, 4, "FROM debian\\x1b[2J")
    progress.hear(0, 0, "a line of the log")
    progress.hear(4, 4, "CMD python")
"""


def test_a_terminal_gets_one_line() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", PROGRAM], stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert shown.count("\n") == 1
    assert "1/4 FROM debian\\u001b[2J (0 s)" in shown
    assert "| a line of the log" in shown
    assert "4/4 CMD python (0 s)" in shown


def test_a_pipe_gets_plain_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stderr == (
        "envsnap: step 1 of 4: FROM debian\\u001b[2J\nenvsnap: step 4 of 4: CMD python\n"
    )
