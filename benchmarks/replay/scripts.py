"""`python -m benchmarks.replay.scripts FOLDER FILE… [--only=APP] [--grid=KEPT]`: changes to real scripts.

FILE is a Python file in FOLDER that calls `app(name, script, changes, …)` of a module
`fastharness`, which this is in its place: each script is recorded as it is, then with each change,
in forks of one process that has imported the libraries. FOLDER has `models/` (make_models.py).
A change is `(name, [(old, new), …])`, or that with the words of the right cause and the right place
(patterns), which then count in place of those in `expected`. A TOML file as `first_look_1.toml` here
holds the same as data.
Prints a line a change: right cause, right place, wrong, missed, undecided, quiet (nothing changed
and nothing is said), alarm (nothing was changed and something is said); then the counts.

`--grid=KEPT` changes nothing: it records every script as it is, and compares it with itself under
each of the CPU and library settings of `benchmarks.replay`, and under those with the Python path in
BENCHMARK_PATH (another transformers, say), if there is one. The folder KEPT holds the recordings
and `cells.jsonl`, a line a cell; run again, it does what is missing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import tomllib
import traceback
import types
from collections import Counter
from pathlib import Path

import torch

from benchmarks.replay import expected
from benchmarks.replay.__main__ import CPUS, ROOT
from envsnap import api
from envsnap.replay.compare import ladder, printed
from envsnap.replay.esr.recording import Printed
from envsnap.replay.recorder import texts

COUNTS: Counter[str] = Counter()


def run(text: str, path: str, golden: str | None, options: dict) -> tuple[int, str]:
    """Record a script in a fork; its exit code and what it printed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        told = (99, "")
        try:
            told = _recorded(text, path, golden, options)
        finally:
            os.write(writer, json.dumps(told).encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    os.waitpid(pid, 0)
    code, said = json.loads(data or b'[98, ""]')
    return code, said


def _recorded(text: str, path: str, golden: str | None, options: dict) -> tuple[int, str]:
    recording = api.load_recording(golden) if golden else None
    out, code = io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            with api.record(path, golden=recording, **options):
                exec(compile(text, "script.py", "exec"), {"__name__": "__main__"})  # noqa: S102
        except SystemExit as error:
            code = int(error.code or 0)
        except Exception:  # noqa: BLE001
            code = 1
            out.write(traceback.format_exc()[-200:])
    return code, out.getvalue()[-4000:]


def judged(golden: str, other: str, code: int, wanted: int) -> tuple[str, str]:
    """The outcome and all causes of a comparison."""
    verdict = api.compare(api.load_recording(golden), api.load_recording(other))
    if code != wanted:
        verdict = ladder.of_command(verdict, code, "python")
    causes = [verdict.cause, *(item.cause for item in verdict.also)]
    return verdict.outcome, " | ".join(causes)


def differs(one: str, two: str) -> bool:
    """Whether two outputs differ by more than the last digits of numbers."""
    sides = [
        Printed(size=len(text), sha256=text, lines=tuple(texts.lines(text.encode(), text=True)))
        for text in (one, two)
    ]
    return printed.compare(sides[0], sides[1], rounding=True).state == "differs"


def word(
    name: str, outcome: str, cause: str, *, moved: bool, patterns: tuple[str, str] | None = None
) -> str:
    """What became of one change."""
    if name == "unchanged":
        return "quiet" if outcome in ("same", "equivalent") else "alarm"
    if outcome in ("same", "equivalent"):
        return "missed" if moved else "quiet"
    if outcome == "undecided":
        return "undecided"
    right, place = patterns or expected.of(name)
    if right and re.search(right, cause):
        return "right cause"
    return "right place" if place and re.search(place, cause) else "wrong"


def app(
    name: str, text: str, faults: list, out: str = "", *, unchanged: bool = True, only: object = None, **options: object
) -> None:  # fmt: skip
    """Record a script and compare each change of it."""
    del out, only
    if ONLY and name not in ONLY:
        return
    if GOLDEN:
        _cell(name, text, options)
        return
    with tempfile.TemporaryDirectory() as folder:
        golden, other = f"{folder}/golden.esr", f"{folder}/other.esr"
        code, said = run(text, golden, None, options)
        if code:
            print(f"{name}: the script fails: {said[-200:]!r}", flush=True)
            return
        for change, *rest in [("unchanged", [])] * unchanged + faults:
            changed = text
            for old, new in rest[0]:
                assert old in changed, (name, change, old)
                changed = changed.replace(old, new)
            here, told = run(changed, other, golden, options)
            outcome, cause = judged(golden, other, here, code)
            patterns = (rest[1], rest[2]) if len(rest) > 2 else None
            moved = differs(said, told) or here != code
            found = word(change, outcome, cause, moved=moved, patterns=patterns)
            COUNTS[found] += 1
            print(f"{found:12} {name}/{change}: {outcome} {cause[:LONGEST]}", flush=True)


def of_table(table: dict) -> None:
    """Run the scripts and changes of a TOML file."""
    for name in table["imports"]:  # once, for all forks
        importlib.import_module(name)
    for item in table["app"]:
        changes = [
            (change["name"], change["replace"], change.get("cause", ""), change.get("place", ""))
            for change in item["change"]
        ]
        app(item["name"], item["script"], changes)


def _cell(name: str, text: str, options: dict) -> None:
    """Record an unchanged script, or compare it with what was recorded under other settings."""
    golden, other = f"{GOLDEN}/{name}.esr", f"{GOLDEN}/{name}.other.esr"
    if not SETTING:
        if not os.path.exists(golden):
            code, said = run(text, golden, None, options)
            print(f"{'fails' if code else 'recorded':12} {name} {said[-200:] if code else ''}", flush=True)  # fmt: skip
        return
    if not os.path.exists(golden) or (SETTING, name) in {
        (item["setting"], item["script"]) for item in cells()
    }:
        return
    code, said = run(text, other, golden, options)
    outcome, cause = ("fails", said[-200:]) if code else judged(golden, other, code, 0)
    found = outcome if code else word("unchanged", outcome, cause, moved=False)
    told = {"setting": SETTING, "script": name, "found": found, "outcome": outcome, "cause": cause}
    with open(f"{GOLDEN}/cells.jsonl", "a") as stream:
        stream.write(json.dumps(told) + "\n")
    print(f"{found:12} {name}: {outcome} {cause[:LONGEST]}", flush=True)


def cells() -> list[dict[str, str]]:
    """The cells of the grid that have been run."""
    path = Path(GOLDEN) / "cells.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def grid(folder: str) -> None:
    """Run every setting in a process of its own: libraries read them when they start."""
    global GOLDEN  # noqa: PLW0603
    GOLDEN = os.path.abspath(folder)
    os.makedirs(GOLDEN, exist_ok=True)
    rest = [item for item in sys.argv[1:] if not item.startswith("--grid=")]
    command = [sys.executable, "-m", "benchmarks.replay.scripts", *rest]
    here = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    other = os.environ.pop("BENCHMARK_PATH", "")
    settings = {"": {}, **CPUS}
    if other:
        settings |= {f"{key}, other libraries": {**item, "PYTHONPATH": f"{other}{os.pathsep}{here}"} for key, item in CPUS.items()}  # fmt: skip
    for name, variables in settings.items():
        print(f"--- {name or '(recording)'}", flush=True)
        environment = {**os.environ, "PYTHONPATH": here, **variables}
        environment |= {"BENCHMARK_GOLDEN": GOLDEN, "BENCHMARK_SETTING": name}
        subprocess.run(command, env=environment, cwd=ROOT, check=False)
    for name in settings:
        counts = Counter(item["found"] for item in cells() if item["setting"] == name)
        print(f"{name:32}", ", ".join(f"{key} {count}" for key, count in sorted(counts.items())))


def main() -> None:
    """Run the files and print the counts."""
    kept = [item.partition("=")[2] for item in sys.argv if item.startswith("--grid=")]
    if kept:
        grid(kept[0])
        return
    if os.environ.get("BENCHMARK_MKLDNN") == "0":
        torch.backends.mkldnn.enabled = False
    folder, *files = [item for item in sys.argv[1:] if not item.startswith("--only=")]
    os.chdir(folder)
    os.environ.update(M=os.path.abspath("models"), HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")  # fmt: skip
    os.makedirs("tmp/work", exist_ok=True)
    module = types.ModuleType("fastharness")
    for key, value in {"app": app, "BASE": ".", "WORK": "tmp/work", "os": os, "sys": sys, "json": json, "torch": torch, "api": api}.items():  # fmt: skip
        setattr(module, key, value)
    module.__all__ = ["BASE", "WORK", "api", "app", "json", "os", "sys", "torch"]
    sys.modules["fastharness"] = module
    sys.argv = ["script.py"]
    for file in files:
        if file.endswith(".toml"):
            of_table(tomllib.loads(Path(file).read_text()))
        else:
            runpy.run_path(str(Path(file)), run_name="__main__")
    print(", ".join(f"{key}: {count}" for key, count in sorted(COUNTS.items())))


GOLDEN = os.environ.get("BENCHMARK_GOLDEN", "")
ONLY = [item.partition("=")[2] for item in sys.argv if item.startswith("--only=")]
SETTING = os.environ.get("BENCHMARK_SETTING", "")
LONGEST = int(os.environ.get("BENCHMARK_WIDTH", "160"))

if __name__ == "__main__":
    main()
