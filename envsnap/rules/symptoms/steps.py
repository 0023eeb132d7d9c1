"""What a text says of a release's known changes: which of them it speaks of, or that it speaks of none."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from envsnap.knowledge import releases
from envsnap.model.manifest import Manifest
from envsnap.model.reading import version
from envsnap.rules.finding import NONE_TOLD, Confidence, Effect, Finding
from envsnap.rules.frameworks import framework_version
from envsnap.rules.packages import behavior_change
from envsnap.rules.symptoms import reading as texts
from envsnap.rules.symptoms.reading import Reading

RAISED = re.compile(r"\w*(?:Error|Exception|Warning)")  # many changes end in the same one
WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]{3,60}")
# What is gone is named by the error that its absence makes.
GONE = re.compile(r"\b(?:gone|removed|renamed|no longer (?:exists?|there))\b")
BAD_RELEASE = "known-bad-release"
# What a change does where somebody says what the trouble is.
FITS = {"wrong": ("numerics", "behavior"), "slower": ("performance",), "memory": ("performance",)}
RETOLD = {
    behavior_change.BehaviorChange.id: behavior_change.retold,
    framework_version.FrameworkVersion.id: framework_version.retold,
}
SAME_RELEASE = (
    "Its release is the same on both sides: look at what it is given, and at what differs."
)
# Words that texts of failures have for no reason of one change.
COMMON = frozenset((
    "with", "from", "that", "this", "have", "been", "when", "where", "which", "they", "were",
    "will", "would", "must", "more", "than", "other", "into", "error", "errors", "file", "line",
    "traceback", "most", "recent", "call", "last", "value", "values", "type", "types", "name",
    "names", "none", "true", "false", "default", "defaults", "returns", "return", "python",
    "module", "package", "packages", "version", "release", "import", "imports", "function",
    "argument", "arguments", "attribute", "attributes", "object", "model", "models", "data", "code", "used", "uses",
    "using", "what", "does", "only", "also", "still", "between", "before", "after", "without",
    "instead", "cannot", "could", "should", "raise", "raises", "self", "args", "kwargs", "site",
    "lib", "main", "init", "load", "input", "output", "result", "results", "linux", "darwin", "windows",
    "wheel", "wheels", "build", "built", "cuda",
))  # fmt: skip


def told(findings: Sequence[Finding], reading: Reading) -> list[Finding]:
    """The findings, those of a release's changes with the one first that a text speaks of."""
    if not any(item.raised or not item.is_weak for item in reading.evidence):
        fitting = FITS.get(reading.symptom or "", ())
        return [_fitted(found, fitting) if found.rule in RETOLD else found for found in findings]
    words, asked = words_of(reading), asked_of(reading)
    return [_led(found, words, asked) if found.rule in RETOLD else found for found in findings]


def asked_of(reading: Reading) -> set[str]:
    """The names that an interface lacks, as the sentences about it say."""
    return {
        name
        for item in reading.evidence
        if item.row["topic"] == "python-api" and not item.is_hint
        for group in ("name", "argument")
        if (name := item.groups.get(group, ""))
    }


def _fitted(found: Finding, effects: Container[str]) -> Finding:
    """A finding that leads with the change that makes such trouble, where one is known to."""
    rows = releases.between(
        framework_version.distribution_of(found.path[1]), found.reference, found.other
    )
    fit = [row for row in rows if row["effect"] in effects]
    if not fit or rows[0]["effect"] in effects:
        return found
    return RETOLD[found.rule](found, [*fit, *(row for row in rows if row not in fit)])


def _led(found: Finding, words: set[str], asked: set[str]) -> Finding:
    """A finding that leads with the change that a text speaks of.

    Where an exception was raised, changes of numbers are not what it speaks of, and neither is what is
    gone but not named: then the finding says so.
    """
    name = framework_version.distribution_of(found.path[1])
    rows = releases.between(name, found.reference, found.other)
    is_same = found.effect is Effect.NONE  # that results are the same mends no failure
    if not rows:
        return (
            found if not is_same else _none_told(found, name, "No change between the two is known.")
        )
    scores = [_score(row, words - _parts(name)) if _has_any(row, asked) else 0 for row in rows]
    best = max(range(len(rows)), key=lambda place: scores[place])
    if scores[best] > 1:
        ordered = [rows[best], *rows[:best], *rows[best + 1 :]]
        return RETOLD[found.rule](found, ordered) if best or is_same else found
    is_other = rows[0]["effect"] in ("numerics", "performance") or GONE.search(rows[0]["what"])
    if scores[0] and not is_other and not is_same:
        return found
    known = "; ".join(releases.told(row, found.other) for row in rows[:3])
    return _none_told(found, name, f"Known: {known}.")


def words_of(reading: Reading) -> set[str]:
    """The words of a text that may name an interface; a log has millions, so it is gone through once."""
    return words_in([reading.text])


def words_in(texts: Iterable[str]) -> set[str]:
    """The words of some lines that may name an interface."""
    return {word.lower() for text in texts for word in WORD.findall(text)} - COMMON


def may_be_meant(findings: Sequence[Finding], lines: Sequence[str]) -> list[Finding]:
    """The findings of which lines may speak: of a known defect they have a word, and not the name alone."""
    words = words_in(lines)

    def has_word(found: Finding) -> bool:
        said = words_in((found.message, found.why))
        return bool((said & words) - _parts(found.path[1]))

    return [found for found in findings if found.rule != BAD_RELEASE or has_word(found)]


def is_spoken_of(found: Finding, words: set[str]) -> bool:
    """Whether words of a text name an interface that a known change between two releases is about."""
    if found.rule not in RETOLD or found.message.endswith(NONE_TOLD):
        return False
    name = framework_version.distribution_of(found.path[1])
    told = words - _parts(name)
    return any(
        _is_name(word) and word.lower() in told
        for row in releases.between(name, found.reference, found.other)
        for word in WORD.findall(f"{row['what']} {row.get('symptom', '')}")
    )


def _none_told(found: Finding, name: str, why: str) -> Finding:
    return replace(
        found,
        message=f"{found.path[1]} {found.reference} -> {found.other}: {NONE_TOLD}",
        why=why,
        fix=f"Install {name}=={found.reference}.",
        confidence=max(found.confidence, Confidence.LIKELY, key=lambda item: item.rank),
    )


def _parts(name: str) -> set[str]:
    return {name.lower(), *re.split("[-_.]", name.lower())}


def _score(row: dict[str, Any], words: set[str]) -> int:
    """How many words of a change a text has; a name of an interface counts as two."""
    said = f"{row['what']} {row.get('symptom', '')}"
    shared = {word for word in WORD.findall(said) if word.lower() in words}
    return sum(2 if _is_name(word) else 1 for word in shared)


def _has_any(row: dict[str, Any], asked: set[str]) -> bool:
    """Whether a change speaks of one of these names; without any, whether it may be meant."""
    said = set(re.findall(r"\w+", f"{row['what']} {row.get('symptom', '')} {row.get('fix', '')}"))
    return not asked or bool(said & asked)


def _is_name(word: str) -> bool:
    is_spelled_so = "_" in word or word[1:] != word[1:].lower()
    return is_spelled_so and RAISED.fullmatch(word) is None


def as_there(found: Finding, reference: Manifest, other: Manifest) -> Finding:
    """A finding whose fix is to compare a release, where it is compared already and is the same."""
    if found.fix != texts.RAISED["fix"] or found.path[0] != "packages" or len(found.path) < 2:
        return found
    here, there = (version(side, found.path[1]) for side in (reference, other))
    return found if here is None or here != there else replace(found, fix=SAME_RELEASE)
