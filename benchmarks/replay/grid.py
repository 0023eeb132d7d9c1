"""The grid of unchanged scripts: CPU settings, and two sets of libraries. Nothing may be said.

`python -m benchmarks.replay.scripts FOLDER FILE… --grid=KEPT` records every script of the files as
it is, and compares it with itself under each of the CPU and library settings of
`benchmarks.replay`. With another Python path in BENCHMARK_PATH (another transformers, say) it does
the same once more with the libraries there, and each set of libraries is compared with what the
other has recorded, on the other's models.

Models are made by FOLDER/make_models.py with the libraries that load them: each set has a folder of
its own in KEPT, named for its transformers, with models, recordings and `cells.jsonl`, a line a
cell. Run again, it does what is missing. What a set cannot run is counted as `not run`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks.replay.__main__ import CPUS, ROOT

DECODERS = ("gpt2", "llama", "qwen", "t5")
GOLDEN = os.environ.get("BENCHMARK_GOLDEN", "")
SETTING = os.environ.get("BENCHMARK_SETTING", "")


class Libraries(NamedTuple):
    """A set of libraries: what it is called, and where models and recordings of it lie."""

    name: str
    path: str
    folder: Path


def run(folder: str, files: list[str], kept: str, rest: list[str]) -> None:
    """Run every setting in a process of its own: libraries read them when they start."""
    source = Path(folder).resolve()
    paths = [str((source / file).resolve()) for file in files]
    other = os.environ.pop("BENCHMARK_PATH", "")
    found = [
        _libraries(source, Path(kept).resolve(), path) for path in ("", other)[: 1 + bool(other)]
    ]
    for libraries in found:
        _settings(libraries, libraries.name, paths, rest, {"": {}, **CPUS}, libraries)
    for golden in found:
        for libraries in found:
            if libraries is not golden:
                name = f"{golden.name} recorded, {libraries.name}"
                _settings(golden, name, paths, rest, {"as recorded": {}}, libraries)
    for libraries in found:
        told = cells(libraries.folder)
        for name in dict.fromkeys(item["setting"] for item in told):
            counts = Counter(item["found"] for item in told if item["setting"] == name)
            print(
                f"{name:60}", ", ".join(f"{key} {count}" for key, count in sorted(counts.items()))
            )


def _libraries(source: Path, kept: Path, path: str) -> Libraries:
    """A set of libraries, with the models that it has made."""
    ask = "import transformers; print(transformers.__version__)"
    environment = _environment(path)
    asked = subprocess.run(
        [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True
    )
    name = f"transformers {asked.stdout.split()[-1]}"
    folder = kept / name.replace(" ", "-")
    if not (folder / "models").exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / "unfinished"
        shutil.rmtree(made, ignore_errors=True)
        make = [sys.executable, str(source / "make_models.py"), str(made)]
        subprocess.run(make, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        _as_published(made)
        made.rename(folder / "models")
    return Libraries(name, path, folder)


def _as_published(models: Path) -> None:
    """Name the inputs that tokenizers give to decoders, as published checkpoints do.

    An older library refuses token types in `generate`, which it would give without that.
    """
    for name in DECODERS:
        place = models / name / "tokenizer_config.json"
        if place.exists():
            settings = json.loads(place.read_text())
            settings["model_input_names"] = ["input_ids", "attention_mask"]
            place.write_text(json.dumps(settings, indent=2))


def _environment(path: str) -> dict[str, str]:
    """The environment of a process that imports what lies in a path first."""
    here = filter(None, (path, str(ROOT), os.environ.get("PYTHONPATH")))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(here)}


def _settings(
    golden: Libraries, name: str, files: list[str], rest: list[str],
    settings: dict[str, dict[str, str]], libraries: Libraries,
) -> None:  # fmt: skip
    """Run the files with some libraries under some settings, on the models of the golden run."""
    for setting, variables in settings.items():
        title = f"{name}: {setting}" if setting else ""
        print(f"--- {title or name + ' (recording)'}", flush=True)
        environment = {**_environment(libraries.path), **variables}
        environment |= {"BENCHMARK_GOLDEN": str(golden.folder), "BENCHMARK_SETTING": title}
        command = [sys.executable, "-m", "benchmarks.replay.scripts", str(golden.folder)]
        subprocess.run([*command, *files, *rest], env=environment, cwd=ROOT, check=False)


def cell(name: str, text: str, options: dict) -> None:
    """Record an unchanged script, or compare it with what was recorded under other settings."""
    from benchmarks.replay import scripts

    golden, other = f"{GOLDEN}/{name}.esr", f"{GOLDEN}/{name}.other.esr"
    if not SETTING:
        if not os.path.exists(golden):
            code, said = scripts.run(text, golden, None, options)
            if code:
                Path(golden).unlink(missing_ok=True)
                scripts.not_run(name, said)
            else:
                print(f"{'recorded':12} {name}", flush=True)
        return
    if (SETTING, name) in {(item["setting"], item["script"]) for item in cells(Path(GOLDEN))}:
        return
    if not os.path.exists(golden):
        outcome, cause = "not run", "it could not be recorded"
    else:
        code, said = scripts.run(text, other, golden, options)
        outcome, cause = (
            ("not run", said[-300:]) if code else scripts.judged(golden, other, code, 0)
        )
    found = (
        outcome if outcome == "not run" else scripts.word("unchanged", outcome, cause, moved=False)
    )
    told = {"setting": SETTING, "script": name, "found": found, "outcome": outcome, "cause": cause}
    with open(f"{GOLDEN}/cells.jsonl", "a") as stream:
        stream.write(json.dumps(told) + "\n")
    print(f"{found:12} {name}: {outcome} {cause[: scripts.LONGEST]}", flush=True)


def cells(folder: Path) -> list[dict[str, str]]:
    """The cells of the grid that have been run."""
    path = folder / "cells.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
