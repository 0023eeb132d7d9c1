"""A page for each rule: docs/rules/ID.md, and the list of them, docs/rules.md.

What a page says comes from the rule's docstring, its line in the registry, and what the engine
prints for the rule's own case folders. Nothing is written twice.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

from envsnap.cli.explain import by_subject
from envsnap.model.paths import text
from envsnap.rules import engine, registry
from envsnap.rules.finding import Finding
from tests import examples

CASES = Path(__file__).parents[1] / "tests" / "rules" / "cases"
LONGEST = 30  # lines of one side's facts
ORDER = ("error", "warning", "info")


def index() -> str:
    """docs/rules.md: every rule with its first sentence, by subject."""
    parts = [
        "# Rules",
        (
            "Each page says what the rule looks at, how severe it is, an example with its report, the"
            " sources, and how to silence it. `envsnap explain RULE` prints the core of it."
        ),
    ]
    for subject, entries in by_subject().items():
        parts.append(f"## {subject.capitalize()}")
        rows = [f"| [{entry.id}](rules/{entry.id}.md) | {_title(entry)} |" for entry in entries]
        parts.append("\n".join(["| rule | what it says |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def page(entry: registry.Entry) -> str:
    """One rule's page."""
    title, body, fix = _docstring(entry)
    folders = _firing(entry.id)
    findings = [found for folder in folders for found in findings_of(folder)]
    parts = [f"# {entry.id}", f"**{title}**", body]
    if fix:
        parts += ["## What to do", fix]
    parts += ["## When it speaks", *_when(entry, findings)]
    parts += ["## Example", *_example(entry, folders)]
    parts += ["## Sources", _sources(findings), "## Silence it", _silence(entry, findings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def findings_of(folder: Path) -> list[Finding]:
    """What the rule of a case folder says of it."""
    expected = json.loads((folder / "expected.json").read_text())
    rule = registry.rule(folder.parent.name)
    assert rule is not None
    reference = examples.side(folder, "reference", expected)
    if "error_text" in expected:
        told = engine.inspect(reference, (), expected["error_text"]).findings
    else:
        told = engine.compare(reference, examples.side(folder, "other", expected), [rule]).findings
    return [found for found in told if found.rule == rule.id]


def _docstring(entry: registry.Entry) -> tuple[str, str, str]:
    """Title, what the rule looks at and why, and the fix."""
    title, _, body = (inspect.getdoc(entry.load()) or "").partition("\n")
    body, _, fix = body.strip().partition("Fix:")
    fix = fix.strip()
    return title, body.strip(), fix[:1].upper() + fix[1:]


def _title(entry: registry.Entry) -> str:
    return _docstring(entry)[0].replace("|", "\\|")


def _firing(identifier: str) -> list[Path]:
    return sorted(path.parent for path in (CASES / identifier).glob("fires*/expected.json"))


def _when(entry: registry.Entry, findings: list[Finding]) -> list[str]:
    rows = []
    if entry.id == "error-text":
        rows.append("- Looks at the text that `--error-text` passes, and at every section.")
    elif entry.sections:
        named = ", ".join(f"`{name}`" for name in entry.sections)
        rows.append(f"- Sections that it looks at: {named}")
    if entry.about:
        named = ", ".join(f"`{name}`" for name in entry.about)
        rows.append(f"- Only where a side has one of: {named}")
    commands = (
        "`check`, `diff`"
        if entry.inspects or not entry.sections or entry.id == "error-text"
        else "`diff`"
    )
    rows.append(f"- Commands: {commands}")
    for title, name in (
        ("Severity", "severity"),
        ("Effect", "effect"),
        ("Confidence", "confidence"),
    ):
        values = {getattr(found, name).value for found in findings}
        told = sorted(
            values, key=lambda value: (ORDER.index(value) if value in ORDER else 9, value)
        )
        rows.append(f"- {title} in its test cases: {', '.join(told)}")
    return ["\n".join(rows)]


def _example(entry: registry.Entry, folders: list[Path]) -> list[str]:
    """The first case folder whose facts are short enough to show, with what is printed of it."""
    folder = min(folders, key=lambda path: (_lines(path) > LONGEST, path.name))
    expected = json.loads((folder / "expected.json").read_text())
    where = f"tests/rules/cases/{entry.id}/{folder.name}"
    parts = [f"The case `{where}`. Only the facts that matter are in it."]
    for name in ("reference", "other"):
        if "error_text" in expected and name == "other":
            parts += ["The text of the failure:", _fenced("text", _cut(expected["error_text"]))]
            continue
        parts += [f"{name.capitalize()}:", _fenced("json", _cut(_facts(folder, name)))]
    parts.append("envsnap says:")
    parts.append(_fenced("text", "\n\n".join(_told(found) for found in findings_of(folder)[:2])))
    return parts


def _lines(folder: Path) -> int:
    return max(len(_facts(folder, name).splitlines()) for name in ("reference", "other"))


def _facts(folder: Path, name: str) -> str:
    path = folder / f"{name}.json"
    if not path.exists():
        return "{}"
    return json.dumps(json.loads(path.read_text()), indent=2, ensure_ascii=False)


def _cut(shown: str) -> str:
    lines = shown.splitlines()
    return "\n".join([*lines[:LONGEST], "…"] if len(lines) > LONGEST else lines)


def _fenced(language: str, shown: str) -> str:
    fence = "````" if "```" in shown else "```"
    return f"{fence}{language}\n{shown}\n{fence}"


def _told(found: Finding) -> str:
    lines = [
        f"{found.severity.value}  {text(found.path)}",
        f"  {found.message}",
        f"  Why: {found.why}",
    ]
    if found.fix:
        lines.append(f"  Fix: {found.fix}")
    return "\n".join(" ".join(line.split("\n")) for line in lines)


def _sources(findings: list[Finding]) -> str:
    named = sorted({found.source for found in findings if found.source})
    if not named:
        return "The rule compares what the two manifests state. It rests on no table."
    return "\n".join(f"- {_linked(source)}" for source in named)


def _linked(source: str) -> str:
    words = (f"<{word}>" if word.startswith("https://") else word for word in source.split())
    return " ".join(words)


def _silence(entry: registry.Entry, findings: list[Finding]) -> str:
    path = text(findings[0].path)
    quoted = path if '"' not in path else path.replace('"', '\\"')
    return (
        "In `envsnap.toml` ([policies](../policy.md)); leave out `path` to silence the rule everywhere:"
        f'\n\n```toml\n[[ignore]]\nrule = "{entry.id}"\npath = "{quoted}"\nreason = "why this is fine here"\n```'
    )
