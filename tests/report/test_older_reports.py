"""Reports of every version are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from envsnap.errors import InputError
from envsnap.report import reading

TESTS = Path(__file__).parents[1]
FIRST = TESTS / "archive" / "reports" / "v1"


def test_a_report_of_version_1_is_told_in_today_s_words() -> None:
    data = (FIRST / "report.json").read_bytes()
    old = json.loads(data)
    Draft202012Validator(json.loads((FIRST / "schema.json").read_text())).validate(old)
    found = reading.decode(data, "report.json")
    (before,), (after,) = old["results"], found.results
    assert len(after.findings) == len(before["findings"]) > 5
    for one, two in zip(before["findings"], after.findings, strict=True):
        assert (one["left"], one["right"], one["reference"]) == (
            two.reference,
            two.other,
            two.source,
        )


def test_today_s_report_is_read() -> None:
    found = reading.decode((TESTS / "golden" / "dev-prod" / "report.json").read_bytes(), "it")
    assert found.report_version == 2
    assert found.results[0].findings[0].facts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "not a report"),
        ("[]", "not a report"),
        ('{"report_version": 99}', "newer than"),
        ('{"report_version": 1, "results": [{}]}', "findings"),
        ('{"report_version": 1, "results": 3}', "not iterable"),
        ('{"report_version": 2}', "missing required field"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        reading.decode(text.encode(), "it.json")
    assert "\n" not in str(caught.value)
