"""What holds for the whole tree: contracts, the probe's floor, generated files, the tail."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.cli.schema import NAMES, render
from envsnap.model import codec
from tests.conftest import lacking
from tests.golden import hosts
from tools.pages import PAGES, stale

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "envsnap").rglob("*.py"))
PROBE = sorted(
    path for room in ("probe", "redact") for path in (ROOT / "envsnap" / room).rglob("*.py")
)
REGENERATE = "run `python -m tools.regenerate --quick`, and read what it changed"
LONGEST_BODY = 45
LONGEST_FILE = 420


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_in_step(name: str) -> None:
    """`envsnap schema NAME -o schemas/NAME.json` writes one anew."""
    in_step = (ROOT / "schemas" / f"{name}.json").read_text() == render(name)
    assert in_step, f"schemas/{name}.json is not what the records say: {REGENERATE}"


@pytest.mark.parametrize("path", PAGES)
def test_generated_pages_are_in_step(path: str) -> None:
    """`python -m tools.regenerate` writes them anew."""
    in_step = (ROOT / path).read_text() == PAGES[path]()
    assert in_step, f"{path} is not what the code says: {REGENERATE}"


def test_no_page_of_a_rule_is_left_over() -> None:
    assert stale() == []


def test_manifests_satisfy_their_schema() -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(render("manifest"))
    Draft202012Validator.check_schema(schema)
    for manifest in (hosts.dev(), hosts.prod()):
        Draft202012Validator(schema).validate(json.loads(codec.encode(manifest)))


def test_reports_and_plans_satisfy_their_schemas() -> None:
    from jsonschema import Draft202012Validator

    golden = ROOT / "tests" / "golden" / "dev-prod" / "report.json"
    Draft202012Validator(json.loads(render("report"))).validate(json.loads(golden.read_text()))
    for plan in sorted((ROOT / "dockerfiles").glob("*/dockerfile.json")):
        Draft202012Validator(json.loads(render("plan"))).validate(json.loads(plan.read_text()))


def test_the_probe_is_plain_text() -> None:
    for path in PROBE:
        data = path.read_bytes()
        assert data.isascii(), path
        assert b"'" * 3 not in data, path


def test_the_probe_imports_only_the_standard_library() -> None:
    for path in PROBE:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                first = name.partition(".")[0]
                if first in ("pynvml", "envsnap_probe", "numpy", "jax"):
                    continue  # the packed binding, itself, and frameworks already imported
                assert first in sys.stdlib_module_names, (path.name, name)


def bodies() -> list[tuple[int, str]]:
    """Length in lines of every function."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # What it says of its arguments is no code: a docstring may be as long as it has to.
                told = ast.get_docstring(node) is not None and len(node.body) > 1
                length = (node.end_lineno or 0) - node.body[1 if told else 0].lineno + 1
                found.append((length, f"{path.relative_to(ROOT)}:{node.lineno}:{node.name}"))
    return found


def test_no_function_and_no_file_grows_long() -> None:
    assert [item for item in bodies() if item[0] > LONGEST_BODY] == [], (
        f"limit {LONGEST_BODY} lines"
    )
    lengths = {str(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: count for path, count in lengths.items() if count > LONGEST_FILE} == {}


def test_every_room_is_named_in_the_contributing_guide() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    for room in sorted(path.name for path in (ROOT / "envsnap").iterdir() if path.is_dir()):
        if not room.startswith("__"):
            assert f"`{room}/`" in guide, room


def test_the_wheel_holds_the_tables(tmp_path: Path) -> None:
    import zipfile

    if subprocess.run(
        [sys.executable, "-c", "import hatchling.build"], check=False, capture_output=True
    ).returncode:
        lacking("hatchling is not installed (the extra is called dev)")
    copy = tmp_path / "source"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".*_cache", "__pycache__"))
    program = "import hatchling.build, sys; print(hatchling.build.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=copy, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("envsnap_ml-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "envsnap").rglob("*")
        if path.suffix in (".py", ".json", ".typed", ".css", ".js")
    }
    assert wanted <= names
