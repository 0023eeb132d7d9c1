"""`python -m benchmarks.replay.overhead`: CPU time of recording as ratios, and sizes of files."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.replay.models import MODELS

ENVSNAP = str(Path(sys.executable).parent / "envsnap")
ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
import torch
from benchmarks.replay import models
model, given = models.build(sys.argv[1])
with torch.no_grad():
    model(given)
"""
REPEATS = 5


def cpu(command: list[str]) -> float:
    """CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main() -> None:
    """Print a row a model: the whole run with the recorder over the run alone."""
    print(f"{'model':10} {'digests':>8} {'inputs':>8}   {'KB':>6} {'KB':>8}  (CPU ratio, size)")
    for model in sys.argv[1:] or MODELS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            script = folder / "infer.py"
            script.write_text(SCRIPT)
            alone = [sys.executable, str(script), model]
            commands = [alone] + [
                [ENVSNAP, "record", option, "-o", str(folder / f"{option}.esr"), "--", *alone]
                for option in ("--no-full", "--full")
            ]
            best = [float("inf")] * len(commands)
            for _ in range(REPEATS):
                for place, command in enumerate(commands):
                    best[place] = min(best[place], cpu(command))
            sizes = [
                (folder / f"{option}.esr").stat().st_size >> 10
                for option in ("--no-full", "--full")
            ]
        ratios = [value / best[0] for value in best[1:]]
        print(
            f"{model:10} {ratios[0]:8.2f} {ratios[1]:8.2f}   {sizes[0]:6} {sizes[1]:8}", flush=True
        )


if __name__ == "__main__":
    main()
