"""Which findings of other rules a sentence of a text speaks for."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from msgspec.structs import replace

from envsnap.changes.ranges import in_range
from envsnap.knowledge import variables
from envsnap.knowledge.versions import Distance, distance
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.rules.finding import Effect, Finding, Severity
from envsnap.rules.packages.cluster_versions import ClusterVersions
from envsnap.rules.symptoms import owners
from envsnap.rules.symptoms.complaints import (
    is_of_a_file,
    is_of_a_service,
    is_of_access,
    is_of_reach,
    is_of_what_is_given,
)
from envsnap.rules.symptoms.places import Places, is_of_own_module
from envsnap.rules.symptoms.reading import RAISED, Evidence, Reading

BELOW = 4  # lines
# Which variables may decide who is let in: keys, who asks, and where.
OF_ACCESS = re.compile(
    r"KEY|TOKEN|SECRET|PASS|AUTH|CRED|URL|URI|HOST|ENDPOINT|BASE|PROFILE|REGION|ACCOUNT|USER|LOGIN|PROXY|CERT|SITE|SERVER|ADDR|OFFLINE"
    r"|METADATA|ROLE|TENANT|(?i:proxy)"
)
MOST_RAISED = 3  # findings that one sentence speaks for
# Topics of which releases decide, and rules that tell of a build.
OF_RELEASES, BUILDS = ("python-api", "missing-package"), ("framework-build",)
COMPANIONS = "accelerator-libraries"
UNMET = ("requirements", "built-against")
OF_SYSTEM = re.compile(r"system\.|env_vars\.TMPDIR$")
TOKEN = re.compile(r"[a-z][a-z_]{3,40}|[a-z]{1,6}\d{1,4}[a-z]{0,4}|\d{1,4}(?:\.\d{1,6}){1,4}")


def is_of_the_program(evidence: Evidence) -> bool:
    """Whether what the program does decides it more often than the environment."""
    if evidence.row["id"] == RAISED["id"] and (
        is_of_a_service(evidence.raised) or is_of_what_is_given(evidence.raised)
    ):
        return True
    kind = evidence.row.get("program") or is_of_own_module(evidence)
    return kind is True or (kind == "direct" and _is_called_directly(evidence))


def _is_called_directly(evidence: Evidence) -> bool:
    """Whether one library alone stands between the program and what failed, as far as one is told."""
    frames = evidence.raised.acting if evidence.raised is not None else ()
    return len({owners.installed_as(item.file) for item in frames} - {None}) <= 1


def as_it_holds(evidence: Evidence, manifest: Manifest) -> Evidence:
    """The evidence; a hint where the environment has no value by which it would decide the failure."""
    asked: dict[str, str] = evidence.row.get("holds", {})
    values = {fact: reading.fact(manifest, tuple(fact.split("."))).value for fact in asked}
    if not asked or any(_is_met(asked[fact], value) for fact, value in values.items()):
        return evidence
    return replace(evidence, row={**evidence.row, "weak": True, "program": True})


def _is_met(asked: str, value: object) -> bool:
    """Whether a value is another word than `!=WORD`, or a version in a range; or nobody knows it."""
    if not isinstance(value, str):
        return True
    word = asked.removeprefix("!=")
    return value != word if word != asked else in_range(asked, value, otherwise=True) is True


def settled_lines(reading: Reading) -> set[int]:
    """The lines of which a sentence says that the program, or what the system ran out of, decides it."""
    found = {
        item.number
        for item in reading.evidence
        if item.row["id"] != RAISED["id"]
        and (
            is_of_the_program(item)
            or (item.row["facts"] and all(map(OF_SYSTEM.match, item.row["facts"])))
        )
    }
    # Of frames without an exception the lines below them say what failed.
    open_ends = {
        item.number
        for item in reading.evidence
        if item.raised is not None and not item.raised.exception
        and found & set(range(item.number, item.number + BELOW))
    }  # fmt: skip
    return found | open_ends


def spoken_for(
    evidence: Evidence, where: Places, findings: Sequence[Finding], settled: Container[int] = ()
) -> list[Finding]:
    """Findings that a sentence speaks for: of the rules that it names, then of its facts in order.

    Of facts, those that differ count whatever their severity, and others where a rule blames them.
    A sentence that says little of what failed speaks for differences alone.
    """
    raised = evidence.row["id"] == RAISED["id"]
    if _says_nothing(evidence) or (raised and evidence.number in settled):
        return _moved_far(evidence, where, findings)
    by_fact = [
        found
        for path in where.ordered
        for found in findings
        if touches(found, path)
        and _may_do(found, path)
        and (found.changes or _is_told_by_a_rule(found, evidence))
    ]
    if evidence.row["topic"] in OF_RELEASES:  # what a release lacks none of its libraries has
        by_fact = [found for found in by_fact if found.rule != COMPANIONS]
    by_fact = _nearest_first(by_fact, evidence)
    chosen = by_fact if evidence.is_weak else [*_of_rules(evidence, where, findings), *by_fact]
    return list({(found.rule, found.path): found for found in chosen}.values())[:MOST_RAISED]


def _is_told_by_a_rule(found: Finding, evidence: Evidence) -> bool:
    """Whether a rule blames a fact; where a text says little, that what fails does not get what it wants."""
    return _serious(found) and (not evidence.is_weak or found.rule in UNMET)


def _of_rules(evidence: Evidence, where: Places, findings: Sequence[Finding]) -> list[Finding]:
    """The findings of the rules that a sentence names."""
    return [
        found
        for found in findings
        if found.rule in evidence.row["rules"] and _serious(found) and _is_meant(found, where)
    ]


def _moved_far(evidence: Evidence, where: Places, findings: Sequence[Finding]) -> list[Finding]:
    """What went on by more than a patch of a library that complains of what it is given.

    A release may read the same data otherwise; a patch hardly does. Its variables may tell it what
    to read, or how to reach a service.
    """
    if evidence.row["id"] != RAISED["id"]:
        return []
    outside = is_of_a_service(evidence.raised) or is_of_a_file(evidence.raised)

    def may_be(found: Finding) -> bool:
        if found.path[0] == "env_vars":
            # What a library says of its arguments no variable decides; which service answers one may.
            is_reached = is_of_reach(evidence.raised) or found.effect is Effect.CRASH
            if is_of_access(evidence.raised) and not OF_ACCESS.search(found.path[1]):
                return False
            return outside and is_reached and found.effect is not Effect.PERFORMANCE
        moved = distance(found.reference, found.other) in (Distance.MAJOR, Distance.MINOR)
        return found.path[0] in ("packages", "frameworks") and moved and not outside

    spoken = [
        found
        for path in where.ordered
        for found in findings
        if found.changes and touches(found, path) and _may_do(found, path) and may_be(found)
    ]
    return list({(found.rule, found.path): found for found in spoken}.values())[:MOST_RAISED]


def _says_nothing(evidence: Evidence) -> bool:
    """Whether a line is a hint, or a complaint of what the program does."""
    return evidence.is_hint or (evidence.is_weak and is_of_the_program(evidence))


def _nearest_first(found: list[Finding], evidence: Evidence) -> list[Finding]:
    """Of several findings about one fact, those first that say what the line says: names, versions."""
    line = set(TOKEN.findall(evidence.line.lower()))

    def shared(item: Finding) -> int:
        return len(line & set(TOKEN.findall(item.message.lower())))

    def about(item: Finding) -> Path:
        return item.path[:1] if item.path[0] == "gpus" else item.path

    places = {about(item): place for place, item in reversed(list(enumerate(found)))}
    of_api = evidence.row["topic"] in OF_RELEASES

    def is_aside(item: Finding) -> bool:
        return of_api and item.rule in BUILDS  # what a release lacks no build of it has

    return sorted(found, key=lambda item: (is_aside(item), places[about(item)], -shared(item)))


def _may_do(found: Finding, path: Path) -> bool:
    """Whether a difference does anything, or is of the very fact; a text about a GPU is not about its VBIOS."""
    if found.path[0] == "env_vars" and variables.only_tells(found.path[-1]):
        return False  # the text asks for more of a log
    if found.rule == ClusterVersions.id and not _serious(found):
        return False  # the text speaks of no releases
    is_of_machine = found.path[0] in ("gpus", "driver", "system") or found.path[-1] == "PATH"
    if path[-1].endswith("*"):
        return _may_steer(found)
    is_it = found.path == path and found.path[0] != "env_vars" and found.rule != "resources"
    return not is_of_machine or found.effect is not Effect.NONE or is_it


def _may_steer(found: Finding) -> bool:
    """Whether a variable may tell a distribution what to do: its value is known, and no cluster set it."""
    name, values = found.path[-1], (found.reference, found.other)
    if variables.is_service_link(name) or not any(isinstance(value, str) for value in values):
        return False
    return variables.acts(name) or variables.known(name) is None


def _is_meant(found: Finding, where: Places) -> bool:
    """Whether a rule's finding is about what the text names, where it names a distribution."""
    named = {path[1] for path in (found.path, *found.changes) if path[0] == "packages" and path[1:]}
    return not where.distributions or not named or bool(named & where.distributions)


def touches(found: Finding, path: Path) -> bool:
    """Whether a finding is about a fact, or about the distribution or section it belongs to."""
    return any(
        _begins(about, path) or _begins(path, about) for about in (found.path, *found.changes)
    )


def _begins(long: Path, short: Path) -> bool:
    if long[: len(short)] == short:
        return True
    if short[-1].endswith("*"):  # a variable of a distribution
        return long[:1] == short[:1] and long[-1].startswith(short[-1][:-1])
    if short[0] == "packages" and long[0] == "wanted":  # a line of a file asks for it
        return long[1 : len(short)] == short[1:]
    # A framework and its distribution are one thing.
    pair = {long[0], short[0]}
    return pair == {"packages", "frameworks"} and len(long) > 1 and len(short) > 1 and (
        long[1].replace("_", "-") == short[1].replace("_", "-") and len(short) <= len(long)
    )  # fmt: skip


def _serious(found: Finding) -> bool:
    return found.severity is not Severity.INFO
