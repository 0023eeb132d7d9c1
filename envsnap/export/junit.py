"""JUnit XML: a test case a finding, for the pages of CI services.

An error or a warning is a failure; what is only worth knowing passes, with its text. A section in
which nothing was found is a case that passed, and what is unknown is one that was skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from envsnap.export.form import Subject
from envsnap.model.paths import text
from envsnap.model.plain_text import plain
from envsnap.rules.engine import Result
from envsnap.rules.finding import Finding, Severity
from envsnap.wording import few

MOST_NAMED = 20
COUNTS = ("tests", "failures", "errors", "skipped")


def render(subject: Subject) -> str:
    """Write the file."""
    assert subject.result is not None
    created = subject.manifest.created_at
    return document([suite(subject.name, subject.reference, created, subject.result)])


def document(suites: Sequence[ET.Element]) -> str:
    """Write suites, one a manifest that was judged, as one file."""
    root = ET.Element("testsuites", name="envsnap")
    root.extend(suites)
    for count in COUNTS[:-1]:  # Jenkins' schema knows no count of skipped cases of the whole
        root.set(count, str(sum(int(item.get(count, "0")) for item in suites)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def suite(name: str, reference: str | None, created: str | None, result: Result) -> ET.Element:
    """What was found of one manifest, by itself or against a reference of this name."""
    against = f" against {reference}" if reference is not None else ""
    found = ET.Element(
        "testsuite", name=plain(f"envsnap {'diff' if against else 'check'} {name}{against}")
    )
    if created:
        found.set("timestamp", plain(created.removesuffix("Z")))
    found.extend(_case(finding) for finding in result.findings)
    found.extend(_quiet(result))
    unknown = _unknown(result)
    if unknown is not None:
        found.append(unknown)
    if not len(found):
        ET.SubElement(found, "testcase", classname="envsnap", name="nothing wrong found")
    severities = Counter(finding.severity for finding in result.findings)
    failures = severities[Severity.ERROR] + severities[Severity.WARNING]
    skipped = int(unknown is not None)
    for count, number in zip(COUNTS, (len(found), failures, 0, skipped), strict=True):
        found.set(count, str(number))
    return found


def _case(finding: Finding) -> ET.Element:
    section = finding.path[0] if finding.path else "envsnap"
    name = f"{text(finding.path)} ({finding.rule})" if finding.path else finding.rule
    case = ET.Element("testcase", classname=plain(f"envsnap.{section}"), name=plain(name))
    told = [finding.message, finding.why, f"Fix: {finding.fix}" if finding.fix else ""]
    body = "\n".join(plain(part) for part in told if part)
    if finding.severity is Severity.INFO:
        ET.SubElement(case, "system-out").text = body
    else:
        failure = ET.SubElement(
            case, "failure", type=finding.severity.value, message=plain(finding.message)
        )
        failure.text = body
    return case


def _quiet(result: Result) -> list[ET.Element]:
    """A case that passed for each section that was compared and of which nothing is told."""
    told = {finding.path[0] for finding in result.findings if finding.path}
    return [
        ET.Element(
            "testcase", classname=plain(f"envsnap.{name}"), name=f"{count} facts are the same"
        )
        for name, count in result.by_section.items()
        if count and name not in told
    ]


def _unknown(result: Result) -> ET.Element | None:
    """One case for all that is unknown: a gap is no failure, and no success."""
    paths = [text(path) for path in result.unknown] + list(result.not_compared)
    if not paths:
        return None
    case = ET.Element("testcase", classname="envsnap", name="facts that are unknown")
    message = f"{len(paths)} unknown: {few(paths, MOST_NAMED)}"
    ET.SubElement(case, "skipped", message=plain(message))
    return case
