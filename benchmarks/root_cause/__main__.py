"""`python -m benchmarks.root_cause [--cases FILE]… [--half read|unread]`: recall on real cases.

A hit is a finding of severity warning or error that names the culprit by an acceptable key.
Intervals are Wilson's, of 95 %, over cases: so few decide nothing finer than a tenth. Without
`--cases`, both files are scored, each half by itself; misses are told of the half that rules
may be written from. A file of one's own is scored as a whole.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.root_cause import cases, environments
from benchmarks.root_cause.pairs import pairs

ROOT = Path(__file__).parents[2]
CASES = (
    ROOT / "tests" / "data" / "root_cause.jsonl",
    ROOT / "tests" / "data" / "root_cause_2026.jsonl",
)
BASE = Path(__file__).parent / "base.json"


def scored(chosen: list[cases.Case], base: cases.Sections, seeds: int, told: bool) -> Iterator[str]:
    """The figures of some cases, and their misses where they are told."""
    kinds: dict[str, list[cases.Case]] = {"pair": [], "single": [], "negative": []}
    for case in chosen:
        kinds[case["kind"]].append(case)
    rankable = [case for case in kinds["pair"] if case["culprit"].get("in_stated_facts", True)]
    misses: list[str] = []
    yield from pairs(rankable, base, seeds, misses)
    yield from environments.singles(kinds["single"], misses)
    yield from environments.negatives(kinds["negative"], misses)
    if told:
        yield from ("what was not named first:", *misses)


def arguments() -> argparse.Namespace:
    """What the command was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cases", type=Path, action="append", help="score these instead, as a whole"
    )
    parser.add_argument("--base", type=Path, default=BASE, help="the whole environment to lay over")
    parser.add_argument("--half", choices=cases.HALVES, help="score one half alone")
    parser.add_argument("--seeds", type=int, default=5, help="draws of noise for each pair")
    parser.add_argument("--no-misses", action="store_true", help="figures alone")
    return parser.parse_args()


def main() -> None:
    """Print the score."""
    asked = arguments()
    base: dict[str, Any] = json.loads(asked.base.read_text())["sections"]
    stated = [case for path in asked.cases or CASES for case in cases.load(path)]
    halves = [asked.half] if asked.half else [None] if asked.cases else list(cases.HALVES)
    for half in halves:
        chosen = [case for case in stated if half is None or cases.half(case) == half]
        if half:
            print(f"== the {half} half: {len(chosen)} cases")
        told = half != "unread" and not asked.no_misses
        print("\n".join(scored(chosen, base, asked.seeds, told)))


if __name__ == "__main__":
    main()
