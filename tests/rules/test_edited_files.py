"""Files of a package that were edited in place: on one side, on the other, or on both."""

from __future__ import annotations

import pytest

from envsnap.model.manifest import Manifest
from envsnap.rules import engine
from envsnap.rules.finding import Severity
from tests import examples


def host(*edited: str) -> Manifest:
    facts = {"version": "3.0.2", **({"altered": list(edited)} if edited else {})}
    packages = {"entries": {"markupsafe": facts}, "verified": True}
    return examples.manifest({"packages": packages})


@pytest.mark.parametrize(
    ("one", "two", "severity", "where"),
    [
        (("a.py",), (), Severity.WARNING, "on the reference only"),
        ((), ("a.py",), Severity.WARNING, "1 changed (a.py)"),
        (("a.py",), ("a.py",), Severity.INFO, "maybe not in the same way"),
    ],
)
def test_an_edit_is_told_wherever_it_is(
    one: tuple[str, ...], two: tuple[str, ...], severity: Severity, where: str
) -> None:
    (found,) = [
        item
        for item in engine.compare(host(*one), host(*two)).findings
        if item.rule == "altered-files"
    ]
    assert found.severity is severity
    assert where in found.message


def test_no_edit_is_no_finding() -> None:
    assert engine.compare(host(), host()).findings == ()
