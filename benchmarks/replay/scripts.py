"""`python -m benchmarks.replay.scripts FOLDER FILE… [--only=APP] [--grid=KEPT]`: changes to real scripts.

FILE is a Python file in FOLDER that calls `app(name, script, changes, …)` of a module
`fastharness`, which this is in its place: each script is recorded as it is, then with each change,
in forks of one process that has imported the libraries. FOLDER has `models/` (make_models.py).
A change is `(name, [(old, new), …])`, or that with the words of the right cause and the right place
(patterns), which then count in place of those in `expected`. A TOML file as `first_look_1.toml` here
holds the same as data.
Prints a line a change: right cause, right place, wrong, missed, undecided, quiet (nothing changed
and nothing is said), alarm (nothing was changed and something is said); then the counts.

A script or a statement that fails does not end the others: it is printed and counted as `not run`.
`--grid=KEPT` changes nothing and asks for no alarm, see `benchmarks.replay.grid`.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
import tomllib
import traceback
import types
from collections import Counter
from pathlib import Path

import torch
from msgspec import structs

from benchmarks.replay import expected, grid
from envsnap import api
from envsnap.replay.compare import ladder, printed
from envsnap.replay.esr.recording import Printed
from envsnap.replay.recorder import texts

COUNTS: Counter[str] = Counter()
LONGEST_RUN = 300  # seconds


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
    end = threading.Timer(LONGEST_RUN, os.kill, (pid, signal.SIGKILL))
    end.start()
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    os.waitpid(pid, 0)
    end.cancel()
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
    mine, theirs = api.load_recording(golden), api.load_recording(other)
    verdict = api.compare(mine, theirs)
    if code != wanted:
        verdict = ladder.of_command(verdict, code, "python", mine, theirs)
    causes = [verdict.cause, *(item.cause for item in verdict.also)]
    return verdict.outcome, " | ".join(causes)


def differs(one: str, two: str) -> bool:
    """Whether two outputs differ by more than the last digits of numbers."""
    run = time.time() - 60, time.time()
    sides = [
        Printed(
            size=len(text),
            sha256=text,
            **structs.asdict(texts.listed(text.encode(), run, text=True)),
        )
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
    if grid.GOLDEN:
        grid.cell(name, text, options)
        return
    with tempfile.TemporaryDirectory() as folder:
        golden, other = f"{folder}/golden.esr", f"{folder}/other.esr"
        code, said = run(text, golden, None, options)
        if code:
            not_run(name, said)
            return
        for change, *rest in [("unchanged", [])] * unchanged + faults:
            changed = text
            for old, new in rest[0]:
                assert old in changed, (name, change, old)
                changed = changed.replace(old, new)
            Path(other).unlink(missing_ok=True)
            here, told = run(changed, other, golden, options)
            if not os.path.exists(other):
                not_run(f"{name}/{change}", told or "it did not end")
                continue
            outcome, cause = judged(golden, other, here, code)
            patterns = (rest[1], rest[2]) if len(rest) > 2 else None
            moved = differs(said, told) or here != code
            found = word(change, outcome, cause, moved=moved, patterns=patterns)
            COUNTS[found] += 1
            print(f"{found:12} {name}/{change}: {outcome} {cause[:LONGEST]}", flush=True)


def of_table(table: dict) -> None:
    """Run the scripts and changes of a TOML file."""
    for name in table["imports"]:  # once, for all forks
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"not there: {error}", flush=True)
    for item in table["app"]:
        changes = [
            (change["name"], change["replace"], change.get("cause", ""), change.get("place", ""))
            for change in item["change"]
        ]
        app(item["name"], item["script"], changes)


def not_run(name: str, why: str) -> None:
    """Say that something could not be run, and count it."""
    COUNTS["not run"] += 1
    print(f"{'not run':12} {name}: {' '.join(why.split())[-200:]}", flush=True)


def of_python(path: str) -> None:
    """Run a file of calls of `app`, statement by statement: one that fails ends no other."""
    text = Path(path).read_text()
    there: dict[str, object] = {"__name__": "__main__"}
    for statement in ast.parse(text).body:
        try:
            _statement(statement, path, there)
        except Exception as error:  # noqa: BLE001
            not_run(f"{Path(path).name}:{statement.lineno}", f"{type(error).__name__}: {error}")


def _statement(statement: ast.stmt, path: str, there: dict[str, object]) -> None:
    """Run a statement; of an import of several names, those that are there are imported."""
    if isinstance(statement, ast.ImportFrom) and len(statement.names) > 1:
        for alias in statement.names:
            one = ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
            try:
                _statement(ast.copy_location(one, statement), path, there)
            except ImportError as error:
                print(f"not there: {error}", flush=True)
        return
    exec(compile(ast.Module([statement], []), path, "exec"), there)  # noqa: S102


def main() -> None:
    """Run the files and print the counts."""
    kept = [item.partition("=")[2] for item in sys.argv if item.startswith("--grid=")]
    folder, *files = [item for item in sys.argv[1:] if not item.startswith(("--only=", "--grid="))]
    if kept:
        grid.run(folder, files, kept[0], [f"--only={item}" for item in ONLY])
        return
    if os.environ.get("BENCHMARK_MKLDNN") == "0":
        torch.backends.mkldnn.enabled = False
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
            of_python(file)
    print(", ".join(f"{key}: {count}" for key, count in sorted(COUNTS.items())))


ONLY = [item.partition("=")[2] for item in sys.argv if item.startswith("--only=")]
LONGEST = int(os.environ.get("BENCHMARK_WIDTH", "160"))

if __name__ == "__main__":
    # What is in this file is one module, also for those that import it.
    sys.modules["benchmarks.replay.scripts"] = sys.modules["__main__"]
    main()
