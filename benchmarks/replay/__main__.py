"""`python -m benchmarks.replay [MODEL…]`: faults and noise on emulated CPUs.

The golden run is recorded on this CPU as it is; every other run pretends to be another one and
replays it, without a fault (must be the same) and with each (must diverge, at the right place).
Prints a row a model and CPU, then every case that was not told apart. `BENCHMARK_DTYPE=bfloat16`
(or float16) does the same with models and inputs in half precision, where faults below its
rounding have no effect that could be told from noise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.replay.faults import FAULTS
from benchmarks.replay.models import MODELS, NEW

CPUS = {
    "as recorded": {},
    "one thread": {"OMP_NUM_THREADS": "1"},
    "ATen default": {"ATEN_CPU_CAPABILITY": "default"},
    "ATen AVX2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "oneDNN AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "oneDNN SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "MKL AVX2": {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "oneDNN off": {"BENCHMARK_MKLDNN": "0"},
    "MKL SSE4.2": {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}
ROOT = Path(__file__).parents[2]


def cell(job: str, model: str, path: str, settings: dict[str, str]) -> list[dict]:
    """Run one cell in a process of its own: libraries read the settings at start."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.replay.cell", job, model, path],
        env={**os.environ, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{job} {model} {settings}: {done.stderr.strip().splitlines()[-1]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(case: dict) -> str:
    """What became of one case, in a word."""
    if "cannot" in case:
        return "torch raises"
    if not case["fault"] or not case["effective"]:
        return "quiet" if case["outcome"] == "same" else "false alarm"
    if case["outcome"] != "diverged":
        return "missed"
    if case["subject"] not in FAULTS[case["fault"]][1]:
        return "other cause"
    if case["expected"] is not None and case["first"] != case["expected"]:
        return "other layer"
    return "found"


def main() -> None:
    """Print the grid."""
    chosen = sys.argv[1:] or list(MODELS)
    counts: Counter[str] = Counter()
    apart: list[tuple[str, str, dict]] = []
    print(f"{'model':10} {'CPU':14} {'noise':>7}  faults: found/effective, layer named/asked")
    with tempfile.TemporaryDirectory() as folder:
        for model in chosen:
            path = str(Path(folder) / f"{model}.esr")
            cell("record", model, path, {})
            for cpu, settings in CPUS.items():
                cases = cell("compare", model, path, settings)
                words = [told(case) for case in cases]
                counts.update(words)
                apart += [
                    (cpu, word, case)
                    for word, case in zip(words, cases, strict=True)
                    if word not in ("found", "quiet")
                ]
                show(model, cpu, cases)
    print(", ".join(f"{word}: {count}" for word, count in sorted(counts.items())))
    for cpu, word, case in apart:
        print(
            f"  {word}: {case['model']}, {cpu}, {case['fault'] or 'no fault'}: {case.get('cannot') or case['cause']}"
        )


def show(model: str, cpu: str, cases: list[dict]) -> None:
    """Print one row."""
    noise = next(case for case in cases if not case["fault"])
    faults = [case for case in cases if case["fault"] and case.get("effective")]
    found = sum(case["outcome"] == "diverged" for case in faults)
    single = [case for case in faults if case["expected"] is not None]
    exact = sum(case["first"] == case["expected"] for case in single)
    ratio = "bits" if noise["bits"] else f"{noise['ratio']:.1f}x"
    mark = " (new)" if model in NEW else ""
    print(
        f"{model:10} {cpu:14} {ratio:>7}  {found}/{len(faults)}, {exact}/{len(single)}{mark}",
        flush=True,
    )


if __name__ == "__main__":
    main()
