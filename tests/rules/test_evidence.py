"""What a finding shows under a side's name is what that side states."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from envsnap import api
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.rules.engine import Result
from envsnap.rules.evidence import brief
from tests import examples
from tests.rules.test_rules import FOLDERS, side

INSTALL = re.compile(r"Install (?:torch |jax )?([\w.-]+)(?:==| )([\w.+!-]*\d[\w.+!-]*)")


def judged(folder: Path) -> tuple[dict[str, Manifest], Result]:
    """A case as the whole engine judges it, with its sides."""
    expected = json.loads((folder / "expected.json").read_text())
    if "error_text" in expected:
        manifest = side(folder, "reference", expected)
        return {"other": manifest}, api.check(manifest, error_text=expected["error_text"])
    sides = {name: side(folder, name, expected) for name in ("reference", "other")}
    return sides, api.diff(sides["reference"], sides["other"])


def _stated_at(manifest: Manifest, path: tuple[str, ...]) -> tuple[str, ...]:
    """A side that is installed states what another one wants among its packages."""
    if path[0] != "wanted" or reading.entries(manifest, "wanted"):
        return path
    field = path[2:] and ("version",)
    return ("packages", path[1], *field)


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_every_fact_of_a_finding_is_stated_by_its_side(folder: Path) -> None:
    sides, result = judged(folder)
    for finding in result.findings:
        assert finding.facts, finding.rule
        for fact in finding.facts:
            found = reading.fact(sides[fact.side], _stated_at(sides[fact.side], fact.path))
            assert fact.state == (
                "unknown" if found.unknown else "stated" if found.is_there else "absent"
            )
            assert fact.value == (brief(found.value) if found.is_there else None)


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_no_fix_asks_for_what_is_there(folder: Path) -> None:
    sides, result = judged(folder)
    other = sides["other"]
    for finding in result.findings:
        for match in INSTALL.finditer(finding.fix):
            installed = reading.version(other, match[1].lower().replace("_", "-"))
            assert installed is None or installed != match[2].rstrip("."), finding.fix


def test_a_value_that_a_table_asks_for_stands_under_no_side() -> None:
    sides = FOLDERS[0].parents[1] / "torch-family" / "fires"
    _, result = judged(sides)
    (found,) = [item for item in result.findings if item.rule == "torch-family"]
    assert found.expected.startswith("torch ")
    assert found.expected not in (found.reference, found.other)


def test_findings_that_are_told_together_keep_their_own_fixes() -> None:
    from envsnap.report import formats
    from envsnap.report.document import Judged, Report
    from envsnap.report.document import side as named

    needs = {"version": "1.0", "format": "dist-info"}
    entries = {
        "a": {**needs, "requires": ["numpy<2"]},
        "b": {**needs, "requires": ["pillow<10"]},
        "numpy": {**needs, "version": "2.1.0"},
        "pillow": {**needs, "version": "11.0.0"},
    }
    manifest = examples.manifest({"packages": {"entries": entries}})
    judged = (Judged(side=named("prod.json", manifest), result=api.check(manifest)),)
    report = Report(reference=None, judged=judged)
    shown = formats.render(report, "terminal", color=False, width=100, ascii_only=False)
    assert "pip install 'numpy<2'" in shown
    assert "pip install 'pillow<10'" in shown
