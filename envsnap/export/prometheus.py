"""Metrics for the node exporter's textfile collector.

`envsnap_info` names the environment, `envsnap_findings` counts what the rules say by severity,
`envsnap_unknown` what could not be learned or compared. The labels are bounded: nothing of a
manifest but its fingerprint and the label that the user gave becomes one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from envsnap.export.form import Subject
from envsnap.model.plain_text import plain
from envsnap.rules.finding import Severity

LONGEST_LABEL = 63

Sample = tuple[dict[str, str], int]


def render(subject: Subject) -> str:
    """Write the exposition format, version 0.0.4."""
    assert subject.result is not None
    counts = Counter(finding.severity for finding in subject.result.findings)
    label = plain(subject.manifest.label or "")[:LONGEST_LABEL]
    info = {"fingerprint": plain(subject.manifest.fingerprint), "label": label}
    unknown = len(subject.result.unknown) + len(subject.result.not_compared)
    lines = [
        *_gauge("info", "The environment that this host last described.", [(info, 1)]),
        *_gauge(
            "findings",
            "What the rules say of it, by severity.",
            [({"severity": severity.value}, counts[severity]) for severity in Severity],
        ),
        *_gauge("unknown", "Facts that could not be learned or compared.", [({}, unknown)]),
        *_compared(subject),
        *_captured(subject.manifest.created_at),
    ]
    return "".join(f"{line}\n" for line in lines)


def _compared(subject: Subject) -> Iterator[str]:
    """How many facts were compared: 0 is no result, and no sign of health."""
    if subject.reference is not None and subject.result is not None:
        yield from _gauge(
            "compared", "Facts compared with the reference.", [({}, subject.result.compared)]
        )


def _captured(created_at: str | None) -> Iterator[str]:
    if created_at is None:
        return
    try:
        when = datetime.fromisoformat(created_at)
    except ValueError:
        return
    seconds = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    yield from _gauge("captured_timestamp_seconds", "When it was captured.", [({}, seconds)])


def _gauge(name: str, words: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP envsnap_{name} {words}"
    yield f"# TYPE envsnap_{name} gauge"
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"envsnap_{name}{f'{{{told}}}' if told else ''} {value}"


def _escaped(text: str) -> str:
    """The value of a label: a backslash, a quote and a line break have escapes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
