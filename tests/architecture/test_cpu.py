"""The benchmark's CPU seconds are those of the whole tree of processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUSY = "import time\nwhile time.process_time() < 0.4: pass"
LEFT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BUSY!r}])"


def _seconds(*scripts: str) -> list[float]:
    """What the benchmark measures of each, in a process of its own: it adopts what is left behind."""
    lines = [f"print(seconds([sys.executable, '-c', {script!r}]))" for script in scripts]
    code = "\n".join(["import sys", "from benchmarks.cpu import seconds", *lines])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [float(line) for line in done.stdout.split()]


def test_what_a_command_leaves_behind_is_counted_once() -> None:
    left, nothing = _seconds(LEFT, "pass")
    assert left > 0.4
    assert nothing < 0.3
