"""Prints both errors of redaction, by kind: `python -m benchmarks.redaction [--half seen|unseen] [--show]`.

The lines of the two tables are split in halves by their digest. What decides is tuned on the one
half; the other is only counted. Every secret is made anew from the seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections import Counter
from pathlib import Path

from benchmarks.redaction import documents, drawn
from benchmarks.redaction.places import PLACES
from benchmarks.redaction.shapes import made

HERE = Path(__file__).parent
DOCUMENTS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "sixteenth",
    "eighteenth",
)


def rows(name: str, half: str) -> list[list[str]]:
    """The lines of a table that belong to a half."""
    found = []
    for line in (HERE / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        seen = hashlib.sha256(line.encode()).digest()[0] % 2 == 0
        if half == "all" or (half == "seen") == seen:
            cells = re.split(r" (?<!\\)\| ", line, maxsplit=3 if name == "secrets.txt" else 2)
            found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


def leaks(half: str, seed: int, rounds: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Secrets of each kind, those let through, and which."""
    asked: Counter[str] = Counter()
    through: Counter[str] = Counter()
    shown = []
    for turn in range(rounds):
        rng = random.Random(seed + turn)
        for kind, place, key, template in rows("secrets.txt", half):
            text = made(template, rng)
            secrets = re.findall(r"<<(.*?)>>", text, re.DOTALL)
            value = re.sub(r"<<(.*?)>>", r"\1", text, flags=re.DOTALL)
            kept = PLACES[place](key, value)
            asked[kind] += 1
            if any(
                secret in kept.text or json.dumps(secret)[1:-1] in kept.text for secret in secrets
            ):
                through[kind] += 1
                shown.append(f"{kind}: {place}: {key} = {value[:120]!r}")
            elif not kept.gaps:
                shown.append(f"without a gap: {place}: {key} = {value[:120]!r}")
                through[kind] += 1
    return asked, through, shown


def altered(half: str, seed: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Settings of each place, those not shown as they are, and which."""
    asked: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    shown = []
    rng = random.Random(seed)
    for place, key, template in rows("settings.txt", half):
        kept = PLACES[place](key, made(template, rng))
        asked[place] += 1
        if kept.gaps or not kept.same:
            changed[place] += 1
            shown.append(f"{place}: {key} = {template[:120]!r} {kept.gaps}")
    return asked, changed, shown


def table(title: str, asked: Counter[str], wrong: Counter[str]) -> None:
    """Print the share that went wrong, by kind and in all."""
    print(
        f"{title}: {wrong.total()} of {asked.total()} ({100 * wrong.total() / asked.total():.1f} %)"
    )
    for kind in asked:
        print(
            f"  {kind:18} {wrong[kind]:4} of {asked[kind]:4} ({100 * wrong[kind] / asked[kind]:.1f} %)"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.redaction")
    parser.add_argument("--half", choices=("seen", "unseen", "all"), default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--show", action="store_true", help="Name what went wrong.")
    asked = parser.parse_args()
    found = leaks(asked.half, asked.seed, asked.rounds)
    table("secrets let through", *found[:2])
    settings = altered(asked.half, asked.seed)
    table("settings altered", *settings[:2])
    sets = [(name, documents.score(name, asked.seed)) for name in DOCUMENTS]
    sets.extend((name, drawn.score(name, asked.seed)) for name in drawn.SETS)
    for name, score in sets:
        table(f"{name} set of documents: secrets let through", score.secrets, score.through)
        table(f"{name} set of documents: settings altered", score.settings, score.altered)
    if asked.show:
        print(*(line for _, score in sets for line in score.lines), sep="\n")
        print(*dict.fromkeys((*found[2], *settings[2])), sep="\n")


if __name__ == "__main__":
    main()
