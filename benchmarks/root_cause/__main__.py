"""`python -m benchmarks.root_cause [--cases FILE] [--base MANIFEST]`: recall on real cases.

A hit is a finding of severity warning or error that names the culprit by an acceptable key; for
a single, an error text's signature of the culprit's topic counts too (and is counted apart).
Beside the pairs stands the baseline: every stated difference is a warning, in file order.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.root_cause import cases, overlay, vocabulary
from envsnap import api
from envsnap.changes.change import ChangeKind
from envsnap.changes.walk import compare
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path as FactPath
from envsnap.model.paths import text
from envsnap.rules.finding import Finding, Severity
from envsnap.rules.inputs.error_text import matches

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "data" / "root_cause.jsonl"
BASE = Path(__file__).parent / "base.json"

Ranked = list[FactPath]


def serious(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings that count."""
    return [found for found in findings if found.severity is not Severity.INFO]


def ours(reference: Manifest, other: Manifest) -> Ranked:
    """The command's ranking."""
    return [found.path for found in serious(api.diff(reference, other).findings)]


def baseline(reference: Manifest, other: Manifest) -> Ranked:
    """Every stated difference is a warning, in file order."""
    changes = compare(reference, other).changes
    return [change.path for change in changes if change.kind is not ChangeKind.UNKNOWN]


def rank(ranked: Ranked, keys: list[str]) -> int | None:
    """The place of the culprit, from 1."""
    return next(
        (place for place, path in enumerate(ranked, 1) if vocabulary.hits(path, keys)), None
    )


class Score:
    """Recall at 1 and at 3, and warnings a pair."""

    def __init__(self) -> None:
        self.places: list[int | None] = []
        self.warnings = 0
        self.misses: list[str] = []

    def add(self, case: dict[str, Any], ranked: Ranked) -> None:
        """Count one pair."""
        keys = case["culprit"]["acceptable_keys"]
        place = rank(ranked, keys)
        self.places.append(place)
        self.warnings += len(ranked)
        if place != 1:
            self.misses.append(missed(case, f"at {place or '-'}", ranked))

    def recall(self, places: int) -> float:
        """The share of culprits among the first places."""
        found = sum(place is not None and place <= places for place in self.places)
        return found / (len(self.places) or 1)

    def line(self, name: str) -> str:
        """The figures."""
        return (
            f"pairs {name} recall@1 {self.recall(1):.2f} recall@3 {self.recall(3):.2f}"
            f" warnings {self.warnings / (len(self.places) or 1):.1f}"
        )


def missed(case: dict[str, Any], place: str, ranked: Ranked) -> str:
    """A row of the table of misses."""
    shown = ", ".join(text(path) for path in ranked[:4]) or "nothing"
    return f"  {case['id']:34} {case['culprit']['key']:34} {place:5} ranked: {shown}"


def pairs(stated: list[dict[str, Any]], base: cases.Sections) -> list[str]:
    """Score the pairs whose culprit is among the stated facts."""
    names = ("overlaid", "overlaid baseline", "plain", "plain baseline")
    scores = {name: Score() for name in names}
    for case in stated:
        reference, other = cases.sections(case["env_a"]), cases.sections(case["env_b"])
        plain = cases.manifest(reference, partial=True), cases.manifest(other, partial=True)
        whole = [
            cases.manifest(side, partial=False)
            for side in overlay.overlaid(base, reference, other, case["id"])
        ]
        for suffix, judge in (("", ours), (" baseline", baseline)):
            scores[f"overlaid{suffix}"].add(case, judge(whole[0], whole[1]))
            scores[f"plain{suffix}"].add(case, judge(*plain))
    lines = [score.line(name) for name, score in scores.items()]
    lines.append(f"({len(stated)} pairs; baseline: every stated difference, in file order)")
    return [*lines, "misses, overlaid:", *scores["overlaid"].misses]


def singles(stated: list[dict[str, Any]]) -> list[str]:
    """Score the environments that fail by themselves, with and without what they print."""
    found = {"key": 0, "key or topic": 0, "without": 0}
    misses: list[str] = []
    for case in stated:
        keys, error_text = case["culprit"]["acceptable_keys"], case.get("error_text") or ""
        manifest = cases.manifest(cases.sections(case["env_a"]), partial=True)
        silent = [item.path for item in serious(api.check(manifest).findings)]
        told = [item.path for item in serious(api.check(manifest, error_text=error_text).findings)]
        topics = {row["topic"] for row, _ in matches(error_text) if row.get("severity") != "info"}
        by_key = rank(told, keys) is not None
        found["key"] += by_key
        found["key or topic"] += by_key or case["culprit"].get("topic") in topics
        found["without"] += rank(silent, keys) is not None
        if not by_key and case["culprit"].get("topic") not in topics:
            misses.append(missed(case, "-", told))
    share = {name: count / (len(stated) or 1) for name, count in found.items()}
    return [
        f"singles recall {share['key or topic']:.2f} (without error text {share['without']:.2f})",
        f"({len(stated)} singles; by key alone, with the text: {share['key']:.2f})",
        "misses, singles:",
        *misses,
    ]


def negatives(stated: list[dict[str, Any]]) -> list[str]:
    """Count what is said of environments that were not the cause, their texts included."""
    errors = warnings = 0
    blamed: list[str] = []
    for case in stated:
        reference = cases.manifest(cases.sections(case["env_a"]), partial=True)
        findings = list(api.check(reference, error_text=case.get("error_text") or "").findings)
        if "env_b" in case:
            other = cases.manifest(cases.sections(case["env_b"]), partial=True)
            findings += api.diff(reference, other).findings
        harmless = case.get("distractor_keys") or []
        for item in serious(tuple(findings)):
            errors += item.severity is Severity.ERROR
            warnings += item.severity is Severity.WARNING and vocabulary.hits(item.path, harmless)
            blamed.append(f"  {case['id']:34} {item.severity.value:8} {text(item.path)}")
    return [
        f"negatives false errors {errors} false warnings {warnings}",
        f"({len(stated)} negatives; errors and warnings of any kind on them:)",
        *blamed,
    ]


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
