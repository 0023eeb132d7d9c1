"""`python -m benchmarks.replay.generation [FOLDER] [SIZE…]`: what recording costs a language model.

A script loads a GPT-2 with random weights (SIZE is `small`, 124M parameters, or `medium`, 355M) and
generates 32 tokens; it runs alone, recorded with digests, and with inputs kept, in turn. Prints CPU
seconds of the process tree and peak memory of its largest process, each as a ratio to the script
alone, with the medians of five runs, and the size of the file. FOLDER keeps the models, 0.5 and
1.4 GB. Needs transformers.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.replay.overhead import ENVSNAP, REPEATS

SIZES = {"small": (768, 12, 12), "medium": (1024, 24, 16)}
MAKE = """
import sys, torch, transformers
torch.manual_seed(0)
width, layers, heads = map(int, sys.argv[2:])
config = transformers.GPT2Config(n_embd=width, n_layer=layers, n_head=heads)
transformers.GPT2LMHeadModel(config).save_pretrained(sys.argv[1])
"""
SCRIPT = """
import sys, torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1]).eval()
ids = torch.arange(100, 132)[None]
out = model.generate(
    input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=32, do_sample=False, pad_token_id=0
)
print(out[0, -5:].tolist())
"""
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def measured(command: list[str]) -> tuple[float, float]:
    """CPU seconds of a command's process tree, and the MiB of its largest process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, size = done.stdout.split()
    if code != "0":
        raise SystemExit(f"{' '.join(command[:3])} … ended with exit code {code}")
    return float(seconds), int(size) / 1024


def size(name: str, folder: Path) -> None:
    """Print the rows of one model."""
    model, script = folder / f"gpt2-{name}", folder / "generate.py"
    if not (model / "config.json").exists():
        numbers = list(map(str, SIZES[name]))
        subprocess.run([sys.executable, "-c", MAKE, str(model), *numbers], check=True)
    script.write_text(SCRIPT)
    alone = [sys.executable, str(script), str(model)]
    files = {word: folder / f"{word}.esr" for word in ("digests", "inputs")}
    record = [ENVSNAP, "record"]
    commands = {
        "alone": alone,
        "digests": [*record, "--no-full", "-o", str(files["digests"]), "--", *alone],
        "inputs": [*record, "-o", str(files["inputs"]), "--", *alone],
    }
    found: dict[str, list[tuple[float, float]]] = {word: [] for word in commands}
    for _ in range(REPEATS):
        for word, command in commands.items():
            found[word].append(measured(command))
    middle = {word: [statistics.median(each) for each in zip(*runs, strict=True)] for word, runs in found.items()}  # fmt: skip
    for word, (seconds, memory) in middle.items():
        ratios = [one / two for one, two in zip((seconds, memory), middle["alone"], strict=True)]
        kept = f"{files[word].stat().st_size / 2**20:6.1f} MiB" if word in files else ""
        print(
            f"gpt2-{name:8} {word:8} {seconds:7.2f} s {ratios[0]:6.3f}"
            f"   {memory:6.0f} MiB {ratios[1]:6.3f}   {kept}",
            flush=True,
        )


def main() -> None:
    """Print a row for each way of recording each model."""
    words = sys.argv[1:]
    sizes = [word for word in words if word in SIZES] or list(SIZES)
    kept = next((word for word in words if word not in SIZES), None)
    with tempfile.TemporaryDirectory() as folder:
        for name in sizes:
            size(name, Path(kept or folder).resolve())


if __name__ == "__main__":
    main()
