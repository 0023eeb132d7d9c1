"""JUnit XML: a test case a finding, for the pages of CI services.

An error or a warning is a failure; what is only worth knowing passes, with its text. A section in
which nothing was found is a case that passed, and what is unknown is one that was skipped.
"""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from envsnap.export.form import Subject
from envsnap.model.paths import text
from envsnap.model.plain_text import plain
from envsnap.rules.engine import Result
from envsnap.rules.finding import Finding, Severity

MOST_NAMED = 20


def render(subject: Subject) -> str:
    """Write the file."""
    result = subject.result
    assert result is not None
    counts = Counter(finding.severity for finding in result.findings)
    failures = counts[Severity.ERROR] + counts[Severity.WARNING]
    suites = ET.Element("testsuites", name="envsnap")
    suite = ET.SubElement(suites, "testsuite", name=_title(subject))
    if subject.manifest.created_at:
        suite.set("timestamp", plain(subject.manifest.created_at.removesuffix("Z")))
    for finding in result.findings:
        suite.append(_case(finding))
    suite.extend(_quiet(result))
    unknown = _unknown(result)
    if unknown is not None:
        suite.append(unknown)
    if not len(suite):
        ET.SubElement(suite, "testcase", classname="envsnap", name="nothing wrong found")
    for element in (suites, suite):
        element.set("tests", str(len(suite)))
        element.set("failures", str(failures))
        element.set("errors", "0")
        element.set("skipped", str(int(unknown is not None)))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, "unicode") + "\n"


def _title(subject: Subject) -> str:
    against = f" against {subject.reference}" if subject.reference is not None else ""
    return plain(f"envsnap {'diff' if against else 'check'} {subject.name}{against}")


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
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    message = f"{len(paths)} unknown: {', '.join(paths[:MOST_NAMED])}{more}"
    ET.SubElement(case, "skipped", message=plain(message))
    return case
