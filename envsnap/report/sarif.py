"""The report as SARIF 2.1.0, for code scanning: findings at lines of the manifest's file.

The limits are GitHub's; what is over them is left out from the end of the ranking, and said.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from envsnap._version import __version__
from envsnap.model import storage
from envsnap.model.paths import text
from envsnap.report import document, places, summary
from envsnap.report.sanitize import plain
from envsnap.rules import registry
from envsnap.rules.finding import Finding, Severity

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
MOST_RESULTS = 5000
LONGEST_DESCRIPTION = 1000
LONGEST_ID = 255
ROOT = "%SRCROOT%"
LINK = re.compile(r"https://[!-~]{1,500}")
PLACEHOLDER = re.compile(r"\{(\d+)\}")


def render(report: document.Report) -> str:
    """Write indented ASCII JSON."""
    results = [result for item in report.judged for result in _results(report, item)]
    results.sort(key=lambda result: list(LEVELS.values()).index(result["level"]))
    left_out = len(results) - MOST_RESULTS
    del results[MOST_RESULTS:]
    findings = [finding for item in report.judged for finding in item.result.findings]
    rules = _rules(findings)
    places_of_rules = {rule["id"]: number for number, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = places_of_rules[result["ruleId"]]
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if left_out > 0:
        note = f"{left_out} findings are left out; --format json has all."
        invocation["toolExecutionNotifications"] = [{"level": "note", "message": {"text": note}}]
    kind = "check" if report.reference is None else "diff"
    run = {
        "tool": {"driver": {"name": "envsnap", "version": __version__, "rules": rules}},
        "automationDetails": {"id": f"envsnap/{kind}/"},
        "originalUriBaseIds": {
            ROOT: {"description": {"text": "The folder that envsnap was run in."}}
        },
        "invocations": [invocation],
        "results": results,
        "properties": {"compared": _compared(report), **_policy(report)},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _compared(report: document.Report) -> list[dict[str, Any]]:
    """How much was compared, and which facts were not: they are no results."""
    return [
        {
            "manifest": summary.title(item.side),
            "facts": item.result.compared,
            "unknown": [summary.where(path) for path in item.result.unknown],
            "notCompared": [plain(path) for path in item.result.not_compared],
        }
        for item in report.judged
    ]


def _policy(report: document.Report) -> dict[str, Any]:
    """What a policy changed: not as results, which code scanning would show as open alerts."""
    if report.policy is None:
        return {}
    rulings = [
        {
            "path": summary.where(ruling.finding.path),
            "rule": ruling.finding.rule,
            "verdict": summary.verdict(ruling),
            "reason": plain(ruling.entry.reason),
            "entry": summary.entry(ruling.entry),
        }
        for item in report.judged
        for ruling in item.result.ruled.rulings
    ]
    unmatched = [summary.entry(entry) for entry in report.idle()]
    return {"policy": {"file": plain(report.policy.file), "ruled": rulings, "unmatched": unmatched}}


def _results(report: document.Report, item: document.Judged) -> Iterable[dict[str, Any]]:
    names = summary.column_names(report, item)
    lines = places.found(item)
    artifact = _artifact(item.side.name)
    seen: Counter[str] = Counter()
    for finding in item.result.findings:
        # Where there is little room, GitHub shows the first sentence.
        message = finding.message if finding.message.endswith(".") else f"{finding.message}."
        told = (message, finding.why, f"Fix: {finding.fix}" if finding.fix else "")
        digest = hashlib.sha256(f"{finding.rule}\n{text(finding.path)}".encode()).hexdigest()[:16]
        seen[digest] += 1
        yield {
            "ruleId": finding.rule[:LONGEST_ID],
            "level": LEVELS[finding.severity],
            "message": {
                "text": _message(" ".join(summary.sentence(part, names) for part in told if part))
            },
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": artifact,
                        "region": {"startLine": lines.get(finding.path, 1)},
                    },
                    "logicalLocations": [
                        {"fullyQualifiedName": summary.where(finding.path), "kind": "member"}
                    ],
                }
            ],
            # The same finding keeps its print when its line moves or its value changes.
            "partialFingerprints": {
                "primaryLocationLineHash": f"{digest}:{seen[digest]}",
                "envsnapFinding/v1": f"{digest}:{seen[digest]}",
            },
            "properties": {
                "effect": finding.effect.value,
                "confidence": finding.confidence.value,
            },
        }


def _message(told: str) -> str:
    """Text in which SARIF sees neither a link nor a placeholder."""
    return PLACEHOLDER.sub(r"{{\1}}", told).replace("](", "] (")


def _artifact(name: str) -> dict[str, str]:
    """The file's address: below the working folder a relative one."""
    from pathlib import Path
    from urllib.parse import quote

    inner = storage.below(name, os.getcwd())
    if inner is None:
        return {"uri": Path(os.path.abspath(name)).as_uri()}
    # A colon in the first part of a relative address would read as a scheme.
    return {"uri": quote(os.fsencode(inner), safe="/"), "uriBaseId": ROOT}


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Describe every rule that found something, in the order of the findings."""
    links: dict[str, str] = {}
    for finding in findings:
        known = links.setdefault(finding.rule, finding.source)
        links[finding.rule] = known or finding.source
    return [_rule(identifier, link) for identifier, link in links.items()]


def _rule(identifier: str, link: str) -> dict[str, Any]:
    page = _page(identifier)
    title, _, body = page.partition("\n")
    paragraphs = body.strip().split("\n\n")
    described: dict[str, Any] = {
        "id": identifier[:LONGEST_ID],
        "shortDescription": {"text": _message(title)},
        "fullDescription": {"text": _message(" ".join(paragraphs[0].split()) or title)},
        "help": {"text": _message(page)},
    }
    for key in ("shortDescription", "fullDescription"):
        described[key]["text"] = described[key]["text"][:LONGEST_DESCRIPTION]
    if LINK.fullmatch(link):
        described["helpUri"] = link
    return described


def _page(identifier: str) -> str:
    """A rule's docstring; a finding of no rule states a difference."""
    rule = registry.rule(identifier)
    page = inspect.getdoc(rule) if rule is not None else None
    return page or f"A finding of {plain(identifier)}."
