"""What bisect shows while it works, on a real terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import threading
from pathlib import Path

from tests.bisection.world import IMPORTS, World
from tests.conftest import COMMAND

PROGRAM = "import sys, time\nprint('epoch 3 of 9', flush=True)\ntime.sleep(0.3)\nsys.exit(trial_05.value == 2)\n"


def test_a_terminal_sees_trials_candidates_suspect_and_the_last_line(world: World) -> None:
    world.manifests()
    Path("main.py").write_text(IMPORTS + PROGRAM)
    ours, theirs = pty.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while data := os.read(ours, 65536):
                shown.extend(data)
        except OSError:  # the last writer closed it
            pass

    reader = threading.Thread(target=read)
    process = subprocess.Popen(
        [COMMAND, "bisect", "a-manifest.json", "b-manifest.json", "--yes", "--find-links",
         str(world.wheels), "--", "python", "main.py"],
        stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    os.close(theirs)
    reader.start()
    output, _ = process.communicate()
    reader.join()
    os.close(ours)
    assert process.returncode == 0
    assert b"Proven: it is packages.trial-05" in output
    text = shown.decode()
    lines = re.findall(r"trial (\d+), run (\d+), \d+s[^;]*; (\d+) candidates, first (\S+)", text)
    assert lines, text
    assert int(lines[-1][0]) > int(lines[0][0])
    assert any(suspect.startswith("packages.") for *_, suspect in lines)
    assert "epoch 3 of 9" in text
    assert text.endswith("\r\x1b[K"), "nothing of it stays"
