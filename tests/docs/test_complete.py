"""Nothing that a user meets is without its page: rules, fields, commands, formats and forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import envsnap
from envsnap.cli.contents import COMMANDS
from envsnap.export.registry import FORMS
from envsnap.intake.formats.registry import FOLDERS, FORMATS
from envsnap.model import codec
from envsnap.model.fields import Kind
from envsnap.rules.registry import REGISTRY

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PARTS = ("## When it speaks", "## Example", "## Sources", "## Silence it")
# What a page of a rule says of when it speaks, besides the sections.
LINES = ("Commands", "Severity in its test cases", "Effect in its test cases", "Confidence in its")
ROW = re.compile(r"\| `([^`]+)` \| (\w*) \| ([^|]*) \| (.*) \|")
KEY = re.compile(r"[A-Z]{1,3}\d{0,3}(?:,\s*[A-Z]{1,3}\d{0,3})*")
EVERYWHERE = "Every section"
MANIFESTS = sorted(
    path for path in (ROOT / "tests" / "golden").rglob("*.json") if '"sections"' in path.read_text()
)


@pytest.mark.parametrize("name", [entry.id for entry in REGISTRY])
def test_a_rules_page_says_all_that_is_asked_of_one(name: str) -> None:
    text = (DOCS / "rules" / f"{name}.md").read_text()
    head, *rest = re.split(r"^(## .+)$", text, flags=re.MULTILINE)
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    title, _, body = head.partition("\n\n")[2].partition("\n\n")
    assert re.fullmatch(r"\*\*.+\.\*\*", title)
    assert len(body.split()) > 5, "the page does not say what the rule looks at, and why"
    for part in PARTS:
        assert len(parts[part].split()) > 1, part
    told = parts["## When it speaks"]
    for line in LINES:
        assert re.search(rf"^- {line}[^:]*: \S", told, re.MULTILINE), line
    assert f'rule = "{name}"' in parts["## Silence it"]
    assert "envsnap says:" in parts["## Example"]
    for source in re.findall(r"^- (.+)$", parts["## Sources"], re.MULTILINE):
        assert not KEY.fullmatch(source), f"{source}: the key of a source, and not where it is"


def test_every_rule_is_in_the_list_and_no_page_is_left_over() -> None:
    ids = {entry.id for entry in REGISTRY}
    listed = set(re.findall(r"\(rules/([\w-]+)\.md\)", (DOCS / "rules.md").read_text()))
    assert listed == ids == {path.stem for path in (DOCS / "rules").glob("*.md")}


def _described() -> dict[str, dict[str, tuple[str, str]]]:
    """Kind and meaning of each field on the page, by the heading that it stands under."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    heading = ""
    for line in (DOCS / "manifest.md").read_text().splitlines():
        if line.startswith("## "):
            heading = line[3:].strip("`")
        elif match := ROW.fullmatch(line):
            found.setdefault(heading, {})[match[1]] = match[2], match[4].strip()
    return found


def test_every_field_on_the_page_has_a_kind_and_a_meaning() -> None:
    described = _described()
    assert len(described) > 20
    for heading, rows in described.items():
        for path, (kind, meaning) in rows.items():
            assert re.sub(r" \(since \d+\)$", "", meaning).endswith((".", "…")), (
                f"{heading}: {path}"
            )
            assert kind in {"", *(item.value for item in Kind)}, f"{heading}: {path}"


def _paths(tree: Any, known: set[str], path: str = "") -> Iterator[str]:
    """The paths of a section's facts; NAME stands for a key that the environment decides."""
    if path in known and not any(item.startswith(f"{path}.") for item in known):
        yield path  # whatever is in it is the user's own, such as a config
        return
    if not isinstance(tree, dict):
        items = tree if isinstance(tree, list) else ()
        yield path
        for item in items:
            if isinstance(item, dict):
                yield from _paths(item, known, path)
        return
    for key, value in tree.items():
        named, free = (f"{path}.{item}" if path else item for item in (key, "NAME"))
        begins = any(item.startswith(f"{free}.") for item in known)
        if named not in known and (begins or known & {path}):
            named = free  # a key that the environment decides
        yield from _paths(value, known, named)


def _undescribed(manifest: dict[str, Any]) -> set[str]:
    described = _described()
    lacking = set()
    for name, section in manifest["sections"].items():
        known = {*described[name], *described[EVERYWHERE]}
        facts = {key: value for key, value in section.items() if key != "gaps"}
        for path in _paths(facts, known):
            spelled = path
            while spelled.endswith(".NAME") and spelled not in known:
                spelled = spelled.removesuffix(".NAME")
            if spelled not in known:
                lacking.add(f"{name}.{path}")
    return lacking


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_fact_of_a_manifest_is_on_the_page(path: Path) -> None:
    tree = json.loads(path.read_text())
    assert not _undescribed(tree)


def test_every_fact_of_this_program_is_on_the_page() -> None:
    tree = json.loads(codec.encode(envsnap.capture(env=("HOME",), seeds={"torch": "1"})))
    assert len(tree["sections"]) > 8
    assert not _undescribed(tree)


def test_a_fact_that_the_page_lacks_is_noticed() -> None:
    assert _undescribed({"sections": {"python": {"colour": "green"}}}) == {"python.colour"}


def test_every_command_format_and_form_has_its_place() -> None:
    commands = (DOCS / "commands.md").read_text()
    assert not [name for name in COMMANDS if f"## `envsnap {name}`" not in commands]
    formats = (DOCS / "formats.md").read_text().replace("`", "")
    listed = (DOCS / "formats-and-forms.md").read_text()
    titles = [entry.title for entry in (*FORMATS, *FOLDERS)]
    assert not [title for title in titles if title not in listed]
    assert not [title for title in titles if title not in formats]
    exports = (DOCS / "exports.md").read_text()
    assert not [name for name in FORMS if f"`{name}`" not in exports and name not in exports]
