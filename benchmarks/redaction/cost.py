"""`python -m benchmarks.redaction.cost`: what masking adds to a recording of a large model.

Recordings of real runs: half a gigabyte of weights, forty layers of small ones, half a gigabyte of
inputs that are kept, and a log with as many lines as an output may have. The time inside of the two functions that mask is taken,
as a share of the CPU of the whole command, its children included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

# The command itself, with a clock around the two places where a recording is masked.
TIMED = """
import functools, json, sys, time
from envsnap.replay.esr import left_out
from envsnap.replay.recorder import masks
spent = [0.0]
def timed(function):
    @functools.wraps(function)
    def run(*given, **named):
        started = time.process_time()
        try:
            return function(*given, **named)
        finally:
            spent[0] += time.process_time() - started
            if function.__name__ == "clean":  # the last one: the command may end without a farewell
                with open(told, "w") as stream:
                    json.dump(spent[0], stream)
    return run
told = sys.argv.pop(1)
left_out.clean = timed(left_out.clean)
masks.Masks.shown = timed(masks.Masks.shown)
from envsnap.cli.main import main
main()
"""
WIDE = """
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(*(nn.Linear(4096, 4096) for _ in range(8))).eval()
with torch.no_grad():
    for _ in range(3):
        print(model(torch.randn(64, 4096)).sum().item())
"""
DEEP = """
import torch
from torch import nn
torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(128, 4, 256, batch_first=True)
model = nn.TransformerEncoder(layer, 40, enable_nested_tensor=False).eval()
with torch.no_grad():
    for _ in range(3):
        print(model(torch.randn(2, 64, 128)).sum().item())
"""
BULKY = """
import torch
from torch import nn
model = nn.Linear(4096, 64).eval()
with torch.no_grad():
    for _ in range(2):
        print(model(torch.randn(16384, 4096)).sum().item())
"""
LOUD = (
    WIDE
    + """
for step in range(5000):
    print("step", step, "tokens=128 loss=0.25 url https://host.example/run/7 took a while")
"""
)
RUNS = {
    "512 MiB of weights": WIDE,
    "40 layers": DEEP,
    "512 MiB of inputs": BULKY,
    "5,000 lines of output": LOUD,
}


def share(script: str, option: str) -> tuple[float, float, int]:
    """CPU seconds of masking and of the whole command, and the size of the recording in bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "infer.py").write_text(script)
        told, made = folder / "told.json", folder / "made.esr"
        command = [sys.executable, "-c", TIMED, str(told)]
        command += ["record", option, "-o", str(made), "--"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [*command, sys.executable, str(folder / "infer.py")],
            check=True,
            capture_output=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return json.loads(told.read_text()), whole, made.stat().st_size


def main() -> None:
    """Print a row a run and an option."""
    print(f"{'run':24} {'option':10} {'masking':>8} {'whole':>8} {'share':>7} {'file':>10}")
    for what, script in RUNS.items():
        for option in ("--no-full", "--full"):
            masking, whole, size = share(script, option)
            print(
                f"{what:24} {option:10} {masking:7.2f}s {whole:7.2f}s {100 * masking / whole:6.1f}%"
                f" {size / 1e6:7.1f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
