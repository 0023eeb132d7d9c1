"""`python -m benchmarks.replay.overhead`: what recording costs, in CPU time, and sizes of files.

Two questions: what one recorded forward costs over a plain one, in a process that has everything
loaded, on a model whose layers take milliseconds; and what a whole run costs, for scripts of about
one and ten seconds.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENVSNAP = str(Path(sys.executable).parent / "envsnap")
ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, time
import torch
from benchmarks.replay import models
model, given = models.build(sys.argv[1])
with torch.no_grad():
    model(given)
    while time.process_time() < float(sys.argv[2]):
        pass
"""
REPEATS = 5
MODELS = ("resnet", "gpt")


def cpu(command: list[str]) -> float:
    """CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def forward() -> None:
    """Print what one recorded forward of a transformer with 100 MiB of results costs."""
    import torch
    from torch import nn

    from envsnap.replay.recorder.inside.recorder import Recorder

    torch.set_num_threads(1)
    layer = nn.TransformerEncoderLayer(512, 8, 2048, batch_first=True, activation="gelu")
    model = nn.TransformerEncoder(layer, 8, enable_nested_tensor=False).eval()
    given = torch.randn(2, 256, 512)

    def seconds(full: bool | None, *, record: bool) -> float:
        with tempfile.TemporaryDirectory() as folder, torch.enable_grad():
            recorder = Recorder(torch, folder, full=full)
            if record:
                recorder.start()
            started = time.process_time()
            model(given)
            taken = time.process_time() - started
            recorder.finish()
        return taken

    seconds(False, record=True)
    plain, digests, inputs = (
        statistics.median(seconds(full, record=record) for _ in range(REPEATS))
        for full, record in ((False, False), (False, True), (None, True))
    )
    print(f"one forward of {plain:.2f} s: {digests / plain:.2f} with digests,", end=" ")
    print(f"{inputs / plain:.2f} with inputs kept and every layer run again in float64")


def whole(model: str, length: float) -> None:
    """Print a row: the whole run with the recorder over the run alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "infer.py"
        script.write_text(SCRIPT)
        alone = [sys.executable, str(script), model, str(length)]
        options = ("--no-full", "--full")
        commands = [alone] + [
            [ENVSNAP, "record", option, "-o", str(folder / f"{option}.esr"), "--", *alone]
            for option in options
        ]
        best = [float("inf")] * len(commands)
        for _ in range(REPEATS):
            for place, command in enumerate(commands):
                best[place] = min(best[place], cpu(command))
        sizes = [(folder / f"{option}.esr").stat().st_size >> 10 for option in options]
    ratios = [value / best[0] for value in best[1:]]
    added = [1000 * (value - best[0]) for value in best[1:]]
    print(
        f"{model:10} {best[0]:5.1f} {ratios[0]:8.3f} {ratios[1]:8.3f}  {added[0]:5.0f} {added[1]:5.0f}"
        f"   {sizes[0]:6} {sizes[1]:8}",
        flush=True,
    )


def main() -> None:
    """Print both parts; names of models choose others for the second."""
    forward()
    print(
        f"{'model':10} {'alone':>5} {'digests':>8} {'inputs':>8}  {'ms':>5} {'ms':>5}   {'KB':>6} {'KB':>8}"
    )
    for model in sys.argv[1:] or MODELS:
        for length in (1.0, 10.0):
            whole(model, length)


if __name__ == "__main__":
    main()
