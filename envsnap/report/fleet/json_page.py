"""A fleet as a JSON document, for programs."""

from __future__ import annotations

import json
from typing import Any

from envsnap._version import __version__
from envsnap.fleet import nodeset
from envsnap.fleet.verdict import KindVerdict, Verdict
from envsnap.model.paths import text
from envsnap.rules.finding import Finding

FLEET_VERSION = 1


def render(verdict: Verdict) -> str:
    """Write the verdict; hosts are listed, and folded beside."""
    tree = {
        "fleet_version": FLEET_VERSION,
        "envsnap_version": __version__,
        "hosts": sum(verdict.states.values()),
        "states": verdict.states,
        "worst": worst.value if (worst := verdict.worst()) else None,
        "cohorts": [
            {"name": cohort.name, "hosts": cohort.hosts, "reference": cohort.reference}
            for cohort in verdict.cohorts
        ],
        "kinds": [_kind(kind) for kind in verdict.kinds],
        "silent": [
            {
                "state": group.state,
                "reason": group.reason,
                "hosts": list(group.hosts),
                "folded": nodeset.fold(group.hosts),
            }
            for group in verdict.silent
        ],
        "noise": [
            {"path": text(item.path), "values": item.values, "hosts": item.hosts}
            for item in verdict.noise
        ],
        "notes": list(verdict.notes),
    }
    return json.dumps(tree, indent=2, ensure_ascii=True) + "\n"


def _kind(kind: KindVerdict) -> dict[str, Any]:
    return {
        "name": kind.name,
        "state": kind.state,
        "size": len(kind.hosts),
        "is_reference": kind.is_reference,
        "cohort": kind.cohort,
        "worst": worst.value if (worst := kind.worst()) else None,
        "judged": kind.judged,
        "findings": [_finding(found) for found in kind.findings],
        "unknown": {text(path): why for path, why in kind.unknown.items()},
        "folded": nodeset.fold(kind.hosts),
        "hosts": list(kind.hosts),
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "severity": found.severity.value,
        "effect": found.effect.value,
        "confidence": found.confidence.value,
        "path": text(found.path),
        "message": found.message,
        "why": found.why,
        "fix": found.fix,
        "source": found.source,
        "reference": found.reference,
        "other": found.other,
        "changes": [text(path) for path in found.changes],
    }
