"""`python -m benchmarks.root_cause [--cases FILE] [--base MANIFEST]`: recall on real cases.

A hit is a finding of severity warning or error that names the culprit by an acceptable key.
Beside the pairs stands the baseline: every stated difference is a warning, in file order.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.root_cause import cases, overlay
from envsnap import api
from envsnap.diff.change import ChangeKind
from envsnap.diff.walk import compare
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path as FactPath
from envsnap.model.paths import text
from envsnap.rules.finding import Finding, Severity

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "data" / "root_cause.jsonl"
BASE = Path(__file__).parent / "base.json"

Ranked = list[FactPath]


def serious(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings that count."""
    return [found for found in findings if found.severity is not Severity.INFO]


def ours(left: Manifest, right: Manifest) -> Ranked:
    """The command's ranking."""
    return [found.path for found in serious(api.diff(left, right).findings)]


def baseline(left: Manifest, right: Manifest) -> Ranked:
    """Every stated difference is a warning, in file order."""
    changes = compare(left, right).changes
    return [change.path for change in changes if change.kind is not ChangeKind.UNKNOWN]


def rank(ranked: Ranked, keys: list[str]) -> int | None:
    """The place of the culprit, from 1."""
    for place, path in enumerate(ranked, 1):
        if cases.hits(path, keys):
            return place
    return None


class Score:
    """Recall at 1 and at 3, and warnings a pair."""

    def __init__(self) -> None:
        self.places: list[int | None] = []
        self.warnings = 0
        self.misses: list[str] = []

    def add(self, name: str, ranked: Ranked, keys: list[str]) -> None:
        """Count one pair."""
        place = rank(ranked, keys)
        self.places.append(place)
        self.warnings += len(ranked)
        if place != 1:
            shown = ", ".join(text(path) for path in ranked[:4]) or "nothing"
            self.misses.append(f"  {name}: culprit {keys[0]} at {place or '-'}; ranked {shown}")

    def line(self) -> str:
        """The figures."""
        count = len(self.places) or 1
        first = sum(place == 1 for place in self.places) / count
        third = sum(place is not None and place <= 3 for place in self.places) / count
        return (
            f"recall@1 {first:.2f} recall@3 {third:.2f} warnings {self.warnings / count:.1f}"
            f" ({count} pairs)"
        )


def pairs(stated: list[dict[str, Any]], base: cases.Sections) -> list[str]:
    """Score the pairs whose culprit is among the stated facts."""
    scores = {
        name: Score() for name in ("overlaid", "overlaid baseline", "plain", "plain baseline")
    }
    for case in stated:
        keys = case["culprit"]["acceptable_keys"]
        left, right = cases.sections(case["env_a"]), cases.sections(case["env_b"])
        plain = cases.manifest(left, partial=True), cases.manifest(right, partial=True)
        whole = [
            cases.manifest(side, partial=False)
            for side in overlay.overlaid(base, left, right, case["id"])
        ]
        for name, judge in (("", ours), (" baseline", baseline)):
            scores[f"overlaid{name}"].add(case["id"], judge(whole[0], whole[1]), keys)
            scores[f"plain{name}"].add(case["id"], judge(*plain), keys)
    lines = [f"pairs {name} {score.line()}" for name, score in scores.items()]
    return [*lines, "misses, overlaid:", *scores["overlaid"].misses]


def singles(stated: list[dict[str, Any]]) -> list[str]:
    """Score the environments that fail by themselves."""
    missed = []
    found = 0
    for case in stated:
        manifest = cases.manifest(cases.sections(case["env_a"]), partial=True)
        paths = [item.path for item in serious(api.check(manifest).findings)]
        if rank(paths, case["culprit"]["acceptable_keys"]) is None:
            missed.append(f"  {case['id']}: culprit {case['culprit']['key']}")
        else:
            found += 1
    return [
        f"singles recall without error text {found / (len(stated) or 1):.2f} ({len(stated)} singles)",
        "misses, singles:",
        *missed,
    ]


def negatives(stated: list[dict[str, Any]]) -> list[str]:
    """Count what is said of environments that were not the cause."""
    errors = warnings = 0
    for case in stated:
        left = cases.manifest(cases.sections(case["env_a"]), partial=True)
        findings = list(api.check(left).findings)
        if "env_b" in case:
            right = cases.manifest(cases.sections(case["env_b"]), partial=True)
            findings = list(api.diff(left, right).findings)
        errors += sum(item.severity is Severity.ERROR for item in findings)
        harmless = case.get("distractor_keys") or []
        warnings += sum(
            item.severity is Severity.WARNING and cases.hits(item.path, harmless)
            for item in findings
        )
    return [f"negatives false errors {errors} false warnings {warnings} ({len(stated)} negatives)"]


def main() -> None:
    """Print the score."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--base", type=Path, default=BASE, help="the whole environment to lay over")
    arguments = parser.parse_args()
    stated = cases.load(arguments.cases)
    base = json.loads(arguments.base.read_text())["sections"]
    kinds: dict[str, list[dict[str, Any]]] = {"pair": [], "single": [], "negative": []}
    for case in stated:
        kinds[case["kind"]].append(case)
    rankable = [case for case in kinds["pair"] if case["culprit"].get("in_stated_facts", True)]
    lines = [*pairs(rankable, base), *singles(kinds["single"]), *negatives(kinds["negative"])]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
