"""Scores single environments: those that fail by themselves, and those that were not the cause."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.root_cause import cases, vocabulary
from benchmarks.root_cause.judging import missed, rank, serious
from benchmarks.root_cause.score import Places
from envsnap import api
from envsnap.model.paths import text
from envsnap.rules.finding import Finding, Severity


def singles(stated: list[cases.Case], misses: list[str]) -> Iterator[str]:
    """The figures of environments that fail, with and without what they print."""
    told, silent, first = Places(), Places(), Places()
    for case in stated:
        keys, name = case["culprit"]["acceptable_keys"], case["id"]
        manifest = cases.manifest(cases.sections(case["env_a"]), partial=True)
        paths = [found.path for found in serious(api.check(manifest).findings)]
        silent.add(name, rank(paths, keys))
        error_text = case.get("error_text") or ""
        paths = [
            found.path for found in serious(api.check(manifest, error_text=error_text).findings)
        ]
        place = rank(paths, keys)
        told.add(name, place)
        first.add(name, place)
        if place is None:
            misses.append(missed(case, "single, with text", place, paths))
    yield (
        f"singles recall {told.figure()} at 1 {first.figure(1)}"
        f" without error text {silent.figure()} ({len(stated)} cases)"
    )


def negatives(stated: list[cases.Case], misses: list[str]) -> Iterator[str]:
    """Count what is said of environments that were not the cause, their texts included.

    A warning is false where it names a fact that is known not to have mattered.
    """
    errors = warnings = 0
    for case in stated:
        harmless = case.get("distractor_keys") or []
        for item in serious(tuple(_told(case))):
            errors += item.severity is Severity.ERROR
            warnings += item.severity is Severity.WARNING and vocabulary.hits(item.path, harmless)
            misses.append(
                f"  {'negative':24} {case['id']:34} {item.severity.value} {text(item.path)}"
            )
    yield f"negatives false errors {errors} false warnings {warnings} ({len(stated)} cases)"


def _told(case: cases.Case) -> list[Finding]:
    reference = cases.manifest(cases.sections(case["env_a"]), partial=True)
    findings = list(api.check(reference, error_text=case.get("error_text") or "").findings)
    if "env_b" in case:
        other = cases.manifest(cases.sections(case["env_b"]), partial=True)
        findings += api.diff(reference, other).findings
    return findings
