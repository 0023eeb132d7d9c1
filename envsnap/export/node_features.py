"""A feature file for Kubernetes' Node Feature Discovery: the environment as labels of the node.

NFD reads such files from /etc/kubernetes/node-feature-discovery/features.d/. A label's value has
at most 63 characters, so that the fingerprint is cut to its first twelve digits.
"""

from __future__ import annotations

import re

from envsnap.export.form import Subject
from envsnap.rules.engine import Result
from envsnap.rules.finding import Severity

DIGITS = 12
# What Kubernetes takes as the value of a label.
VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def render(subject: Subject) -> str:
    """Write `name=value` lines; a label of the user that Kubernetes would refuse is left out."""
    assert subject.result is not None
    digest = subject.manifest.fingerprint.partition(":")[2]
    features = {"envsnap.fingerprint": digest[:DIGITS]}
    label = subject.manifest.label
    if label is not None and VALUE.fullmatch(label):
        features["envsnap.label"] = label
    worst = subject.result.worst()
    features["envsnap.worst"] = worst.value if worst is not None else "none"
    features["envsnap.healthy"] = _healthy(subject.result)
    return "".join(f"{name}={value}\n" for name, value in features.items())


def _healthy(result: Result) -> str:
    """`false` where a finding is an error; `unknown` where nothing, or a section, could not be judged."""
    if result.worst() is Severity.ERROR:
        return "false"
    is_blind = (
        not result.compared
        or bool(result.lacking)
        or any(len(path) == 1 for path in result.unknown)
        or any(name in result.not_compared for name in ("python", "packages", "gpus", "driver"))
    )
    return "unknown" if is_blind else "true"
