"""`python -m benchmarks.bisect [NAME…] [--sizes 20 60] [--work FOLDER] [--seed N] [--known | --only-known]`.

Builds both environments of each case with uv, captures them, runs `envsnap bisect` as a user
would, and says whether it named what was planted. Beside it stands plain delta debugging
(Zeller's ddmin, no order, no closure) over as many differences, counted on a model of the same
fault, until it has given the same: every cause, and both proofs. Needs a package index. Each row is a line of `rows.jsonl` in that folder, with the digest of the
code that made it: `--known` takes the rows of the same code from there and runs the rest, so that a run
that was ended goes on. `--only-known` runs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.bisect import cases, ddmin
from benchmarks.bisect.cases import Case
from envsnap.image.locking.uv import executable

ENVSNAP = [sys.executable, "-m", "envsnap"]
CONFIG = '{"model": {"preprocess": {"mean": %s, "std": 0.25}, "layers": %d}, "log": "%s"}'
ROWS = "rows.jsonl"
# What decides a row: the search, what it is built on, and the cases themselves.
DECIDES = ("envsnap/bisection", "envsnap/rules", "envsnap/knowledge", "benchmarks/bisect")
BASICS = ("PATH", "HOME", "XDG_CACHE_HOME", "SSL_CERT_FILE", "LANG")


@dataclass
class Row:
    """What one run of bisect gave."""

    name: str
    size: int
    right: bool
    named: list[list[str]]
    trials: int
    runs: int
    places: list[int]
    seconds: float
    told: str
    allowed: int
    environment: float | None = None  # CPU seconds of one more, the median


def harmless(size: int, case: Case, seed: int) -> list[tuple[str, str, str, str]]:
    """Distributions that change nothing, and a module of each, closed over what they require."""
    listed = "harmless.txt" if case.python == "3.11" else f"harmless-{case.python}.txt"
    rows = [
        line.split()
        for line in (cases.HERE / listed).read_text().splitlines()
        if not line.startswith("#")
    ]
    planted = {path.partition(".")[2] for cause in case.culprits for path in cause}
    rows = [row for row in rows if row[0] not in case.packages]
    planted |= {other for name in planted for other in cases.NEEDED.get(name, ())} | {*case.beside}
    if size < 60:
        shuffled = random.Random(seed).sample(rows, len(rows))
        independent = set((cases.HERE / "independent.txt").read_text().split())
        chosen = [row for row in shuffled if row[0] in planted]
        more = [row for row in shuffled if row[0] in independent and row not in chosen]
        rows = sorted(chosen + more[: size - len(chosen)])
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def prepare(case: Case, size: int, folder: Path, seed: int) -> None:
    """Both environments, both manifests, and a folder with the program."""
    rows = harmless(size, case, seed)
    pins = ({}, {})
    for name, good, bad, _ in rows:
        for side, version in zip(pins, (good, bad), strict=True):
            if version != "-":
                side[name] = version
    for name, versions in case.packages.items():
        for side, version in zip(pins, versions, strict=True):
            if version is not None:
                side[name] = version
    work = folder / "work"
    shutil.copytree(case.program.parent, work, copy_function=shutil.copy)
    modules = [row[3] for row in rows if "-" not in (row[1], row[2])]
    (work / "main.py").write_text(
        f"import {', '.join(modules)}\nimport runpy\n"
        f"runpy.run_path({case.program.name!r}, run_name='__main__')\n"
    )
    (work / "app-good.json").write_text(CONFIG % (0.485, 4, "info"))
    (work / "app-bad.json").write_text(CONFIG % (0.5, 8, "debug"))
    for place, name in enumerate(("good", "bad")):
        environment(folder / name, case.python, pins[place])
        shell = variables(case, place, size)
        if case.golden and place == 0:
            (folder / "golden").write_text(golden(folder, work, shell))
        capture(
            folder, name, {**shell, **gold(case, folder)}, case, alone=case.alone and place == 1
        )


def environment(folder: Path, python: str, pins: dict[str, str]) -> None:
    """Made by uv, as a user would."""
    uv = [executable(), "--no-config", "--no-python-downloads"]
    pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{python}.*/bin/python{python}"))
    subprocess.run(
        [*uv, "venv", "-q", "--python", pyenv[-1] if pyenv else python, folder], check=True
    )
    listed = Path(f"{folder}.txt")
    listed.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    inside = ["--python", str(folder / "bin" / "python"), "-r", str(listed)]
    subprocess.run([*uv, "pip", "install", "-q", "--no-deps", *inside], check=True)


def variables(case: Case, place: int, size: int) -> dict[str, str]:
    """One side's variables."""
    both = {**(cases.HARMLESS_VARIABLES if size > 20 else {}), **case.variables}
    return {name: sides[place] for name, sides in both.items() if sides[place] is not None}


def gold(case: Case, folder: Path) -> dict[str, str]:
    """The good side's answer, which both sides know."""
    return {case.golden: (folder / "golden").read_text()} if case.golden else {}


def golden(folder: Path, work: Path, shell: dict[str, str]) -> str:
    """What the good side prints last."""
    python = folder / "good" / "bin" / "python"
    told = subprocess.run(
        [python, "main.py"], cwd=work, env={**basics(), **shell}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return told.stdout.split()[-1]


def basics() -> dict[str, str]:
    """What a program needs to run at all."""
    return {name: os.environ[name] for name in BASICS if name in os.environ}


def capture(folder: Path, name: str, shell: dict[str, str], case: Case, *, alone: bool) -> None:
    """A manifest of one side, from a shell with its variables, or with one processor."""
    first = ["taskset", "-c", "0"] if alone else []
    asked = [f"--env={variable}" for variable in {**case.variables, **gold(case, folder)}]
    subprocess.run(
        [*first, *ENVSNAP, "capture", "--no-import", *asked, "--python", folder / name / "bin" / "python",
         "-o", folder / f"{name}.json"],
        env={**basics(), **shell, "PYTHONPATH": str(Path(__file__).parents[2])}
        if "PYTHONPATH" not in shell else {**basics(), **shell},
        check=True, capture_output=True,
    )  # fmt: skip


def run(case: Case, size: int, folder: Path) -> Row:
    """One case."""
    files = [f"--file={name}={good}:{bad}" for name, good, bad in case.files]
    began = time.monotonic()
    done = subprocess.run(
        [*ENVSNAP, "bisect", "../good.json", "../bad.json", "--yes", "--format", "json", *files,
         *case.options, "--", "python", "main.py"],
        cwd=folder / "work", capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - began
    if not done.stdout.startswith("{"):
        return Row(case.name, size, False, [], 0, 0, [], seconds, done.stderr[-300:], 0)
    found = json.loads(done.stdout)
    named = sorted(sorted(item["path"] for item in cause["culprits"]) for cause in found["causes"])
    companions = {item["path"] for cause in found["causes"] for item in cause["companions"]}
    companions |= {item["path"] for item in found["needed"]}
    wanted = sorted(map(sorted, case.culprits))
    code = 0 if case.culprits else 1
    right = named == wanted and companions <= case.companions and done.returncode == code
    places = [item["place"] for cause in found["causes"] for item in cause["culprits"]]
    count = max(1, sum(map(len, case.culprits)) + len(companions))
    return Row(
        case.name, size, right, named, found["cost"]["trials"], found["cost"]["runs"], places, seconds,
        found["sentence"] + ("" if right else f" {companions} exit {done.returncode}"),
        ddmin.allowed(len(found["atoms"]), count), found["cost"]["environment_cpu"],
    )  # fmt: skip


def report(rows: list[Row]) -> None:
    """The table, and what was promised."""
    known = {case.name: case for case in cases.CASES}
    for row in rows:
        print(line(row, known[row.name]))
    sure = [row for row in rows if row.places and max(row.places) <= 3 and len(row.places) == 1]
    print(f"right: {sum(row.right for row in rows)} of {len(rows)}")
    if sure:
        median = statistics.median(row.trials for row in sure)
        print(f"culprit in the first three: {len(sure)} cases, {median} trials (median)")
    over = [f"{row.name} {row.size}" for row in rows if row.allowed and row.trials > row.allowed]
    print(f"over the bound: {over}")
    spent = [row.environment for row in rows if row.environment is not None]
    if spent:
        print(f"CPU of an environment after the first: {statistics.median(spent):.2f} s (median)")
    plain = [ddmin.trials(known[row.name], row.size) for row in rows]
    print(f"trials in all: {sum(row.trials for row in rows)}, of plain ddmin {sum(plain)}")


def line(row: Row, case: Case) -> str:
    """One row of the table."""
    return (
        f"{row.name:18} {row.size:3}  {'right' if row.right else 'WRONG':5}"
        f"  trials {row.trials:3} (at most {row.allowed:3}; ddmin {ddmin.trials(case, row.size):4})"
        f"  runs {row.runs:4}  place {','.join(map(str, row.places)) or '-':8}"
        f"  {row.seconds:6.1f} s  {row.told[:110]}"
    )


def made(case: Case, size: int, folder: Path, seed: int) -> Row:
    """Prepare a case and run it; what it gave stays in its folder."""
    if not (folder / "bad.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        prepare(case, size, folder, seed)
    return run(case, size, folder)


def code() -> tuple[str, str]:
    """The digest of the code that makes a row, and the commit that it stands on."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for folder in DECIDES:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, check=False
    )  # fmt: skip
    return digest.hexdigest()[:16], commit.stdout.strip() or "unknown"


def known_rows(path: Path, digest: str) -> dict[tuple[str, int], Row]:
    """The rows that this code has made; a line that was cut is none."""
    found: dict[tuple[str, int], Row] = {}
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            record = json.loads(text)
        except ValueError:
            continue
        if record["code"] == digest:
            row = Row(**record["row"])
            found[row.name, row.size] = row
    return found


def main() -> None:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="cases; all where none is named")
    parser.add_argument("--sizes", nargs="*", type=int, default=[20, 60])
    parser.add_argument("--work", type=Path, default=Path("bisect-benchmark"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", action="store_true", help="run no row that this code has made")
    parser.add_argument("--only-known", action="store_true", help="print these rows, run nothing")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    path = arguments.work.resolve() / ROWS
    digest, commit = code()
    known = known_rows(path, digest) if arguments.known or arguments.only_known else {}
    rows = []
    for case in cases.CASES:
        if (arguments.names and case.name not in arguments.names) or not case.program.exists():
            continue
        for size in arguments.sizes:
            row = known.get((case.name, size))
            if row is None and not arguments.only_known:
                row = made(case, size, path.parent / f"{case.name}-{size}", arguments.seed)
                with path.open("a") as stream:
                    record = {"code": digest, "commit": commit, "row": asdict(row)}
                    stream.write(json.dumps(record) + "\n")
            if row is not None:
                rows.append(row)
                print(line(row, case), file=sys.stderr, flush=True)
    print(f"code {digest} at commit {commit}: {len(rows)} rows")
    report(rows)


if __name__ == "__main__":
    main()
