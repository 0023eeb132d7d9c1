"""`python -m benchmarks.replay.by_command FOLDER FILE.toml… [--only=APP]`: changes, by the commands alone.

As `benchmarks.replay.scripts`, but every script is a file in a folder of its own and runs as a user
runs it: `envsnap record -o golden.esr -- python script.py`, then, changed, `envsnap compare
golden.esr -- python script.py`. So what the command reads, prints and writes counts, too.
FOLDER has `models/`; scripts know it as $M. A row of FILE may hold `files` (texts beside the script,
by name), `prepare` (Python that makes other files first), and a change `file` (which text it changes,
the script if none), `prepare` (run once more before the changed run) and `environment`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from benchmarks.replay.overhead import ENVSNAP
from benchmarks.replay.scripts import COUNTS, LONGEST, LONGEST_RUN, differs, not_run, word

SCRIPT = "script.py"
Alone = tuple[int, str, dict[str, bytes]]  # an exit code, what was printed, what was written


def command(words: list[str], folder: Path, variables: dict[str, str]) -> tuple[int, str, str]:
    """Run a command in a folder; its exit code, its standard output and its standard error."""
    try:
        done = subprocess.run(
            words, cwd=folder, env={**os.environ, **variables}, timeout=LONGEST_RUN,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 98, "", "it did not end"
    return done.returncode, done.stdout, done.stderr


def written(folder: Path) -> dict[str, bytes]:
    """The files that a script has written: all but ours and what was there."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name.startswith("out")
    }


def alone(folder: Path, variables: dict[str, str]) -> Alone:
    """What the script does by itself: its exit code, what it prints and what it writes."""
    code, said, _ = command([sys.executable, SCRIPT], folder, variables)
    return code, said, written(folder)


def judged(folder: Path, variables: dict[str, str]) -> tuple[str, str, int]:
    """The outcome, all causes and the exit code of a comparison."""
    words = [ENVSNAP, "compare", "--format", "json", "golden.esr", "--", sys.executable, SCRIPT]
    code, said, errors = command(words, folder, variables)
    try:
        told = json.loads(said)
    except ValueError:
        return "none", errors[-300:], code
    causes = [told["cause"], *(item["cause"] for item in told.get("also", ()))]
    return told["outcome"], " | ".join(causes), code


def app(row: dict) -> None:
    """Record a script and compare each change of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = {SCRIPT: row["script"], **row.get("files", {})}
        put(folder, texts, row.get("prepare", ""))
        code, _, errors = command([ENVSNAP, "record", "-o", "golden.esr", "--", sys.executable, SCRIPT], folder, {})  # fmt: skip
        if not (folder / "golden.esr").exists() or code:
            not_run(row["name"], errors)
            return
        known: Alone | None = None
        for change in [{"name": "unchanged"}, *row["change"]]:
            file = change.get("file", SCRIPT)
            text = texts[file]
            for old, new in change.get("replace", ()):
                assert old in text, (row["name"], change["name"], old)
                text = text.replace(old, new)
            texts_now = {**texts, file: text}
            put(folder, texts_now, row.get("prepare", ""), change.get("prepare", ""))
            outcome, cause, code = judged(folder, change.get("environment", {}))
            moved = False
            if outcome in ("same", "equivalent", "none"):  # whether that is so, its output says
                known = known or as_recorded(folder, texts, row.get("prepare", ""))
                put(folder, texts_now, row.get("prepare", ""), change.get("prepare", ""))
                moved = has_moved(known, alone(folder, change.get("environment", {})))
            say(row["name"], change, (outcome, cause, code), moved=moved)


def put(folder: Path, texts: dict[str, str], *prepare: str) -> None:
    """Write the texts and make the other files."""
    for name, text in texts.items():
        (folder / name).write_text(text)
    for code in filter(None, prepare):
        subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def as_recorded(folder: Path, texts: dict[str, str], prepare: str) -> Alone:
    """What the script does as it was recorded."""
    put(folder, texts, prepare)
    return alone(folder, {})


def has_moved(known: Alone, here: Alone) -> bool:
    """Whether a run ended, printed or wrote otherwise than another."""
    return here[0] != known[0] or differs(known[1], here[1]) or here[2] != known[2]


def say(name: str, change: dict, told: tuple[str, str, int], *, moved: bool) -> None:
    """Print what became of one change, and count it."""
    outcome, cause, code = told
    patterns = (change.get("cause", ""), change.get("place", ""))
    found = word(change["name"], outcome, cause, moved=moved, patterns=patterns)
    if outcome == "none" or code not in (0, 1, 6):
        found = "no verdict"
    COUNTS[found] += 1
    print(f"{found:12} {name}/{change['name']}: {outcome} {cause[:LONGEST]}", flush=True)


def main() -> None:
    """Run the files and print the counts."""
    only = [item.partition("=")[2] for item in sys.argv if item.startswith("--only=")]
    folder, *files = [item for item in sys.argv[1:] if not item.startswith("--only=")]
    os.environ.update(M=str(Path(folder, "models").resolve()), HF_HUB_OFFLINE="1")
    os.environ.update(TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
    for file in files:
        for row in tomllib.loads(Path(file).read_text())["app"]:
            if not only or row["name"] in only:
                app(row)
    print(", ".join(f"{key}: {count}" for key, count in sorted(COUNTS.items())))


if __name__ == "__main__":
    main()
