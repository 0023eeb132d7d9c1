"""Every rule, on folders: facts left and right, and what the rule says of them.

A folder that starts with `fires` must yield exactly the findings that `expected.json` names,
one that starts with `silent` none. Case folders are partial manifests: only what matters.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from envsnap.model.paths import text
from envsnap.redact import variables
from envsnap.rules import engine, registry
from envsnap.rules.finding import Severity
from tests import examples
from tests.examples import side
from tests.golden import hosts

CASES = Path(__file__).parent / "cases"
VARIABLE = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+")
NAMES_A_SESSION = "TORCHELASTIC_RUN_ID"  # so it is never captured; a rule may find it in a text
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/expected.json"))


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_case(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    rule = registry.rule(folder.parent.name)
    assert rule is not None, f"rules/registry.py has no line for {folder.parent.name}"
    assert bool(expected["findings"]) is folder.name.startswith("fires")
    if "error_text" in expected:
        result = engine.inspect(side(folder, "reference", expected), (), expected["error_text"])
    else:
        sides = [side(folder, name, expected) for name in ("reference", "other")]
        result = engine.compare(sides[0], sides[1], [rule])
    told = sorted(
        (
            {
                "path": text(found.path),
                "severity": found.severity.value,
                "effect": found.effect.value,
                "message": found.message,
            }
            for found in result.findings
            if found.rule == rule.id
        ),
        key=lambda item: item["path"],
    )
    wanted = sorted(expected["findings"], key=lambda item: item["path"])
    assert [
        {key: item[key] for key in want} for item, want in zip(told, wanted, strict=True)
    ] == wanted
    for found in result.findings:
        assert found.message
        assert found.why
        assert "\n" not in found.message


def test_every_rule_has_a_case_where_it_fires_and_one_where_it_is_silent() -> None:
    for entry in registry.REGISTRY:
        names = [folder.name for folder in FOLDERS if folder.parent.name == entry.id]
        for kind in ("fires", "silent"):
            told = f"add a folder tests/rules/cases/{entry.id}/{kind}"
            assert [name for name in names if name.startswith(kind)], told


@pytest.mark.parametrize(
    "folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_a_variable_of_a_case_is_one_that_a_capture_holds(folder: Path) -> None:
    """A rule about a variable that is never captured would pass its tests and never speak."""
    for name in ("reference", "other"):
        path = folder / f"{name}.json"
        facts = json.loads(path.read_text()) if path.exists() else {}
        held = facts.get("env_vars", {})
        for variable in held.get("entries", held):
            told = f"{variable}: add it to envsnap/redact/variables.py"
            assert variables.is_listed(variable), told


def test_every_variable_that_a_rule_names_is_captured() -> None:
    named = {
        node.value: path.name
        for room in ("rules", "knowledge")
        for path in (Path(registry.__file__).parents[1] / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if VARIABLE.fullmatch(node.value)
    }
    assert {"SLURM_NTASKS", "NVIDIA_REQUIRE_CUDA"} <= set(named)
    silent = {name: file for name, file in named.items() if not variables.is_listed(name)}
    assert set(silent) <= {NAMES_A_SESSION}, "envsnap/redact/variables.py lacks them"


def test_every_rule_has_a_page() -> None:
    for entry in registry.REGISTRY:
        rule = entry.load()
        assert rule.id == entry.id
        page = inspect.getdoc(rule) or ""
        assert page.splitlines()[0].endswith("."), entry.id
        assert "Fix:" in page, entry.id


def test_no_rule_file_is_left_out_of_the_registry() -> None:
    room = Path(registry.__file__).parent
    files = {f"{path.parent.name}/{path.stem}" for path in room.glob("*/*.py")}
    files = {name for name in files if not name.endswith("/__init__")}
    files = {name for name in files if not name.startswith("symptoms/")}  # the reader of texts
    assert files == {entry.place.replace("-", "_") for entry in registry.REGISTRY}


def test_every_change_has_one_primary_finding() -> None:
    result = engine.compare(hosts.dev(), hosts.prod())
    claimed = [path for found in result.findings for path in found.changes]
    assert len(claimed) == len(set(claimed))
    from envsnap.changes.change import ChangeKind
    from envsnap.changes.walk import compare

    known = [
        change.path
        for change in compare(hosts.dev(), hosts.prod()).changes
        if change.kind is not ChangeKind.UNKNOWN
    ]
    assert sorted(claimed) == sorted(known)


def test_nothing_is_found_between_a_host_and_itself() -> None:
    assert engine.compare(hosts.dev(), hosts.dev()).findings == ()


def test_findings_are_ranked_worst_first() -> None:
    ranks = [found.severity.rank for found in engine.compare(hosts.dev(), hosts.prod()).findings]
    assert ranks == sorted(ranks)
    assert engine.compare(hosts.dev(), hosts.prod()).worst() is Severity.ERROR


def test_a_change_without_a_rule_is_stated() -> None:
    reference = examples.manifest({"process": {"flags": ["--port"]}})
    other = examples.manifest({"process": {"flags": ["--port", "--debug"]}})
    (found,) = engine.compare(reference, other).findings
    assert (found.rule, found.severity) == ("difference", Severity.INFO)
