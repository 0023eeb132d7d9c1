"""Puts what explains a text, or fits a kind of trouble, before the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Finding, Severity
from envsnap.rules.inputs.error_text import ErrorText
from envsnap.rules.ranking import ranked
from envsnap.rules.rule import Rule
from envsnap.rules.symptoms.reading import Reading, read
from envsnap.rules.symptoms.trouble import contradicts, fits


def explained(
    error_text: str,
    symptom: str | None,
    manifest: Manifest,
    findings: Sequence[Finding],
    rules: Sequence[Rule],
) -> tuple[Finding, ...]:
    """Findings that a text speaks for first; the rest by what fits the trouble; notices last."""
    reading = read(error_text, symptom)
    told = list(ErrorText().explain(reading, manifest, findings))
    replaced = {(found.rule, found.path, found.message) for found in told}
    rest = [found for found in findings if (found.rule, found.path, found.message) not in replaced]
    first = [found for found in told if found.severity is not Severity.INFO]
    notices = [found for found in told if found.severity is Severity.INFO]
    guesses = _guesses(reading, manifest, findings) if not first else []
    guessed = {found.path for found in guesses}
    rest = [*guesses, *rest]
    favoured = _favoured(rest, reading) | {id(found) for found in guesses}
    unlikely = frozenset(id(found) for found in rest if contradicts(found, reading.symptom))
    kept = [found for found in notices if found.path not in guessed]
    return (*first, *ranked(rest, rules, favoured, unlikely, with_text=bool(error_text)), *kept)


def _guesses(reading: Reading, manifest: Manifest, findings: Sequence[Finding]) -> list[Finding]:
    """What a text may be about that nothing explains; where two sides differ, the changes say more."""
    if any(found.changes for found in findings):
        return []
    return list(ErrorText().guess(reading, manifest))


def _favoured(findings: Sequence[Finding], reading: Reading) -> frozenset[int]:
    """Findings, by identity, that fit the kind of trouble or whose package the text mentions."""
    return frozenset(
        id(found)
        for found in findings
        if fits(found, reading.symptom) or _is_mentioned(found, reading)
    )


def _is_mentioned(found: Finding, reading: Reading) -> bool:
    if found.path[0] not in ("packages", "frameworks") or len(found.path) < 2:
        return False
    name = found.path[1]
    if not reading.lines.words.may_have_lowered(name.lower().replace("-", " ")):
        return False
    spelled = re.escape(name).replace(r"\-", "-").replace("-", "[-_]")
    return re.search(rf"(?<![\w-]){spelled}(?![\w-])", reading.text, re.IGNORECASE) is not None
