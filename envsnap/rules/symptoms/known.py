"""What the tables of releases say is printed then: their symptoms, as signatures of failures.

A row that says what a release broke mostly says what is printed then. Of the distributions that
a manifest states, and of their releases alone, such a sentence in a text is that row's evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.knowledge import built_against, releases
from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, stated, version
from envsnap.rules.symptoms.reading import Evidence, Reading
from envsnap.rules.symptoms.sentences import Lines

# What tables put for what differs from case to case, and where words of their own begin.
HOLE = re.compile(r"\.\.\.|…|\b[A-Z]<[A-Z]\b|\b[ABXYZ]\b|<\w{1,20}>")
ENDS = re.compile(
    r";| / | \(| in (?:code|remote|logs|older|old|start|data)\b| when | with (?:older|old|the|\w+ \d)| beside "
    r"| on (?:resume|such)\b| at (?:start|fit|compile|load)\b| until | where "
)
RAISED = re.compile(r"^(?:[A-Za-z_][\w.]{0,80}(?:Error|Exception|Warning)|SystemError)(?:: |$)")
# A sentence that anyone's mistake may print names nothing: an interface, a release, a removal.
NAMES = re.compile(
    r"['`]\w|\w_\w|[a-z]\.[a-z]|[a-z][A-Z]|\d|no longer|removed|not supported|is required|compiled"
)
SPACE = re.compile(r"[\s'`\"\u2018\u2019]+")
SHORTEST = 18  # characters of a sentence that are no chance
BY_EFFECT = {"numerics": "numerics", "behavior": "behavior", "performance": "performance"}


def known(reading: Reading, manifest: Manifest) -> Iterator[Evidence]:
    """Evidence of the rows whose sentence a text has, where the manifest's releases have it too."""
    if not reading.text.strip():
        return
    words = reading.lines.words
    sentences = ((row, _sentence(str(row["printed"]))) for row in _rows(manifest))
    likely = [(row, told) for row, told in sentences if told and words.may_have_lowered(told)]
    text = _plain(reading.text) if likely else ""
    for row, sentence in likely:
        if sentence in text:
            number, line = _line(reading.lines, sentence)
            yield Evidence(row=row, groups={}, line=line, number=number)


def _rows(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """Rows with a symptom that what is installed here has."""
    of_releases = table("release_changes")["rows"]
    python = stated(manifest, "python", "version")
    here = {name: version(manifest, name) for name in packages(manifest)}
    for name, installed in (*here.items(), ("python", python)):
        if not isinstance(installed, str):
            continue
        path = "python.version" if name == "python" else f"packages.{name}"
        for row in of_releases.get(name, ()):
            if row.get("symptom") and is_trusted(row["basis"]) and releases.has(row, installed):
                yield _of_release(name, installed, path, row)
        for row in built_against.symptoms(name, installed):
            needed = [f"packages.{item}" for item in row.get("needs", {})]
            yield _of_neighbours(name, installed, [path, *needed], row)


def _of_release(name: str, installed: str, path: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "release", "topic": "release", "rules": ["behavior-change", "built-against", "requirements"],
        "says": f"{name} {installed} has what {row['from']} changed: {row['what']}",
        "facts": [path], "effect": BY_EFFECT.get(row["effect"], "crash"), "printed": row["symptom"],
        "fix": _as_sentence(releases.remedy(row)) if row.get("fix") else f"Install {name}<{row['from']}.",
        "source": releases.source(row), "basis": row["basis"],
        "severity": "error" if row["severity"] == "error" and row["effect"] == "crash" else "warning",
    }  # fmt: skip


def _as_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _of_neighbours(
    name: str, installed: str, facts: list[str], row: dict[str, Any]
) -> dict[str, Any]:
    wanted = ", ".join(f"{item} {asked}" for item, asked in row.get("needs", {}).items())
    return {
        "id": "neighbours", "topic": "release", "rules": ["built-against", "requirements"],
        "says": f"{name} {installed} does not work with an installed release" + (f": it wants {wanted}" if wanted else ""),
        "facts": facts, "effect": "crash", "printed": row["symptom"],
        "fix": f"Install {wanted}." if wanted else "Install releases that work together.",
        "source": built_against.source(row), "basis": row["basis"],
    }  # fmt: skip


def _sentence(symptom: str) -> str | None:
    """What of a symptom is printed word by word; None where it is a description, or too short."""
    said = ENDS.split(RAISED.sub("", symptom))[0]
    if not NAMES.search(said):
        return None
    longest = max((_plain(part).strip(" .:,") for part in HOLE.split(said)), key=len)
    return longest if len(longest) >= SHORTEST else None


def _plain(text: str) -> str:
    return SPACE.sub(" ", text).lower()


def _line(lines: Lines, sentence: str) -> tuple[int, str]:
    """The first line that has the sentence, or where it begins."""
    start = sentence[:SHORTEST].strip()
    for number, line in enumerate(lines.lines):
        if start in _plain(line):
            return lines.numbered(number), line
    return 1, lines.lines[0]
