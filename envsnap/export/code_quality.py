"""GitLab's Code Quality report: each finding at a line of the manifest's file."""

from __future__ import annotations

import hashlib
import json
import os

from envsnap.export.form import Subject
from envsnap.model import lines, storage
from envsnap.model.paths import text
from envsnap.model.plain_text import plain
from envsnap.rules.finding import Finding, Severity

LEVELS = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(subject: Subject) -> str:
    """Write a JSON array; the file's name is relative, as GitLab wants it."""
    assert subject.result is not None
    findings = subject.result.findings
    found_at = lines.find(subject.data, {finding.path: finding.other for finding in findings})
    inner = storage.below(subject.name, os.getcwd()) or os.path.normpath(subject.name)
    path = plain(inner.replace(os.sep, "/"))
    found = [_entry(finding, path, found_at[finding.path]) for finding in findings]
    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"


def _entry(finding: Finding, path: str, line: int) -> dict[str, object]:
    key = "\0".join((path, finding.rule, text(finding.path), finding.message))
    return {
        "description": plain(f"{text(finding.path)}: {finding.message}"),
        "check_name": finding.rule,
        "fingerprint": hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": LEVELS[finding.severity],
        "location": {"path": path, "lines": {"begin": line}},
    }
