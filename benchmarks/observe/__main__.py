"""`python -m benchmarks.observe [REPEATS]`: what `envsnap run` costs, as CPU ratios in one run.

Each script runs alternately alone and observed. `observing` is the script's own CPU time with the
observer in it (the bound is 1.05), `with capture` what it is when the process also describes
itself at its end, `command` all of `envsnap run` with its own start, its watch and its hashing.
"""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from envsnap.api.runs import portable_probe
from envsnap.observe import inotify
from envsnap.observe.launch import OBSERVER, launched

ENVSNAP = str(Path(sys.executable).parent / "envsnap")
WEIGHTS = 50_000_000
SCRIPTS = {
    "torch, 200 MB checkpoint": """
import torch
torch.manual_seed(0)
state = torch.load("model.pt", mmap=False)
side = 1000
model = torch.nn.Sequential(*[torch.nn.Linear(side, side) for _ in range(8)])
with torch.no_grad():
    for number, layer in enumerate(model):
        layer.weight.copy_(state["w"][number * side * side : (number + 1) * side * side].view(side, side))
    x = torch.ones(32, side)
    for _ in range(20):
        model(x)
""",
    "numpy": "import numpy as np\nnp.random.seed(0)\nnp.ones(1000).sum()\n",
}


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of the children that ended meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def ways(command: list[str], folder: Path) -> dict[str, Callable[[], object]]:
    """The ways to run a command, by name; the first is the measure of the others."""
    probe = portable_probe()
    output = folder / "run.json"

    def observed(text: str | None) -> None:
        watch = inotify.Watch([str(folder)])
        with launched(command, [OBSERVER], probe=text, stdout=subprocess.DEVNULL):
            watch.stop()

    return {
        "alone": lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL),
        "observing": lambda: observed(None),
        "with capture": lambda: observed(probe),
        "command": lambda: subprocess.run(
            [ENVSNAP, "run", "-o", str(output), "--", *command],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ),
    }  # fmt: skip


def main() -> None:
    """Print a row a script, and the size of its manifest."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder.parent / f"{folder.name}-cache")
        make = f"import torch; torch.save({{'w': torch.zeros({WEIGHTS})}}, 'model.pt')"
        subprocess.run([sys.executable, "-c", make], check=True)
        for what, text in SCRIPTS.items():
            (folder / "script.py").write_text(text)
            runs = ways([sys.executable, "script.py"], folder)
            spent: dict[str, list[float]] = {way: [] for way in runs}
            for _ in range(repeats + 1):  # the first round warms caches and byte code
                for way, work in runs.items():
                    spent[way].append(cpu(work))
            middle = {way: statistics.median(times[1:]) for way, times in spent.items()}
            ratios = "  ".join(
                f"{way} {middle[way] / middle['alone']:.3f}" for way in list(runs)[1:]
            )
            size = (folder / "run.json").stat().st_size
            print(f"{what:26} {ratios}  ({middle['alone']:.2f} s alone, manifest {size >> 10} KB)")


if __name__ == "__main__":
    main()
