"""What the manifests of two recorded processes say of what shapes numbers: the rules' judgement."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any

from msgspec import Struct

from envsnap.knowledge.roles import role
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path, text
from envsnap.replay.compare.verdict import Rung
from envsnap.replay.esr.archive import Recording
from envsnap.rules import engine
from envsnap.rules.finding import Effect, Fact, Finding, Severity
from envsnap.wording import counted, few

LONGEST = 80
MOST_MOVED, LONGEST_TOLD = 4, 300


class Environment(Struct, frozen=True, kw_only=True):
    """What the two manifests say of what shapes numbers; `changes` maps facts to both values."""

    rung: Rung
    changes: dict[str, str]


def compare(golden: Recording, other: Recording) -> Environment:
    """Compare the manifests of the two processes, where both are known."""
    if golden.manifest is None or other.manifest is None:
        rung = Rung(name="environment", state="unknown", summary="not recorded on both sides")
        return Environment(rung=rung, changes={})
    return between(golden.manifest, other.manifest)


def between(golden: Manifest, other: Manifest) -> Environment:
    """What shapes numbers is what `envsnap diff` says of it: findings whose effect is numerics.

    Another release of what computes is one, too, where the worst to say of it is something else.
    """
    result = engine.compare(golden, other)
    found = [finding for finding in result.findings if _shapes_numbers(finding)]
    changes = {path: told for finding in found for path, told in _told(finding)}
    if not changes:
        return Environment(rung=_quiet(result.findings), changes={})
    rung = Rung(
        name="environment",
        state="differs",
        summary=f"{counted(len(changes), 'fact')} that shape numbers differ",
        details=tuple(f"{path} {told}" for path, told in changes.items()),
    )
    return Environment(rung=rung, changes=changes)


def _quiet(findings: Iterable[Finding]) -> Rung:
    """That nothing is known to shape numbers; other releases are named, since nobody knows them all."""
    moved = [
        f"{finding.path[1]} {_one_line(finding.reference)} -> {_one_line(finding.other)}"
        for finding in findings
        if finding.path[0] == "packages" and finding.path[2:] == ("version",) and finding.changes
        and role(finding.path[1]) != "tooling"
    ]  # fmt: skip
    summary = "nothing that affects numbers differs"
    if moved:
        summary = f"nothing that is known to affect numbers differs; other releases: {few(moved, MOST_MOVED)}"
    return Rung(name="environment", state="same", summary=summary[:LONGEST_TOLD])


def explaining(golden: Recording, other: Recording, error: str) -> Finding | None:
    """What of the environment stops a program that raised `error` here; None: nothing surely does."""
    if golden.manifest is None or other.manifest is None:
        return None
    found = engine.compare(golden.manifest, other.manifest, error_text=error).findings
    return next(
        (
            finding
            for finding in found
            if finding.effect is Effect.CRASH and finding.severity is Severity.ERROR
        ),
        None,
    )


def _shapes_numbers(finding: Finding) -> bool:
    return finding.effect is Effect.NUMERICS or any(
        path[0] == "packages" and path[2:] == ("version",) and role(path[1]) == "numerics"
        for path in finding.changes
    )


def _told(finding: Finding) -> Iterator[tuple[str, str]]:
    """The facts of a finding that differ, each with both sides."""
    sides = _by_path(finding, (finding.path, *finding.changes))
    is_told = False
    for path, facts in sides.items():
        shown = [_brief(fact) for fact in facts]
        is_other = len(set(shown)) > 1
        if is_other or (path == finding.path and not (facts[1:] and _are_alike(facts))):
            is_told = True
            yield text(path), " -> ".join(shown)
    own = sides.get(finding.path, [])
    if not is_told and finding.effect is Effect.NUMERICS and all(map(_is_unknown, own)):
        # No side states the fact itself: it follows from another, which differs.
        yield text(finding.path), _one_line(finding.message)[:LONGEST]


def _is_unknown(fact: Fact) -> bool:
    return fact.state == "unknown"


def _by_path(finding: Finding, paths: Container[Path]) -> dict[Path, list[Fact]]:
    found: dict[Path, list[Fact]] = {}
    for fact in finding.facts:
        if fact.path in paths:
            found.setdefault(fact.path, []).append(fact)
    return found


def _are_alike(facts: list[Fact]) -> bool:
    return all((fact.state, fact.value) == (facts[0].state, facts[0].value) for fact in facts[1:])


def _brief(fact: Fact) -> str:
    if fact.state != "stated":
        return fact.state
    return _one_line(fact.value)[:LONGEST]


def _one_line(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
