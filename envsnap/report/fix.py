"""The remedy as a script: what makes the other side like the reference in what findings name.

It is written to be read and then run. Only packages and variables have commands; config values,
drivers and machines are comments. Without a reference, what rules say to do is a command where they
name a source. Whatever comes from a manifest is quoted, and what could not be
quoted in one line is a comment, too. INDEX is where PyTorch publishes builds for each CUDA.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote

from msgspec import Struct

from envsnap._version import __version__
from envsnap.model.paths import Path, text
from envsnap.report import document, summary
from envsnap.report.sanitize import plain
from envsnap.rules.finding import Fact, Finding, Severity
from envsnap.wording import counted

INDEX = "https://download.pytorch.org/whl/"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,100}[a-z0-9])?")
VERSION = re.compile(r"[0-9](?:[A-Za-z0-9.!_-]{0,60})(?:\+[A-Za-z0-9._-]{1,60})?")
LABEL = re.compile(r"\+((?:cu|rocm|cpu|xpu)[0-9.]{0,9})$")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,120}")
REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,100} ?(?:(?:===?|[<>~!]=|[<>]) ?[A-Za-z0-9.!+*_-]{1,60},? ?){1,8}"
)
LONGEST_VALUE, LONGEST_SOURCE = 4000, 200
# What a wheel brings with it: it follows from the release that is pinned.
FOLLOWS = ("nvidia-", "triton")
HEAD = """#!/bin/sh
# Written by envsnap {version}. Read it before you run it.
# It makes {other} like {reference} in what the findings name, worst first.
# Variables hold in a shell that reads it: . ./NAME
# Set PYTHON to the interpreter of the environment that is to change.
install() {{
    : "${{PYTHON:?set it to the interpreter of the environment that is to change}}"
    if command -v uv >/dev/null 2>&1; then uv pip install --python "$PYTHON" "$@"
    else "$PYTHON" -m pip install "$@"; fi
}}
uninstall() {{
    : "${{PYTHON:?set it to the interpreter of the environment that is to change}}"
    if command -v uv >/dev/null 2>&1; then uv pip uninstall --python "$PYTHON" "$@"
    else "$PYTHON" -m pip uninstall -y "$@"; fi
}}
"""


class Step(Struct, frozen=True):
    """What one finding asks for: lines of a script, and packages to install or to remove."""

    lines: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def render(report: document.Report) -> str:
    """Write the script; of several manifests, one part each."""
    return "\n".join(part for item in report.judged for part in _part(report, item)) + "\n"


def _part(report: document.Report, item: document.Judged) -> Iterator[str]:
    reference = summary.title(report.reference) if report.reference else "what the rules ask for"
    yield HEAD.format(
        version=__version__, other=plain(summary.title(item.side)), reference=plain(reference)
    )
    serious = [found for found in item.result.findings if found.severity is not Severity.INFO]
    if not serious:
        yield "# Nothing is known to matter: there is nothing to do."
    steps = [(found, _step(found, is_diff=report.reference is not None)) for found in serious]
    for number, (found, step) in enumerate(steps, 1):
        yield f"# {number}. {found.severity.value}: {plain(found.message)}"
        yield from step.lines
    pins = list(dict.fromkeys(pin for _, step in steps for pin in step.pins))
    gone = list(dict.fromkeys(name for _, step in steps for name in step.gone))
    yield from _commands(pins, gone)
    minor = len(item.result.findings) - len(serious)
    if minor:
        yield f"# Left out: {counted(minor, 'finding')} of severity info."


def _commands(pins: list[str], gone: list[str]) -> Iterator[str]:
    """One command for each index: a resolver has to see what belongs together."""
    indexes: dict[str, list[str]] = {}
    for pin in pins:
        label = LABEL.search(pin)
        indexes.setdefault(label[1] if label else "", []).append(pin)
    if gone:
        yield f"uninstall {' '.join(map(quote, gone))}"
    for build, found in sorted(indexes.items()):
        index = f"--extra-index-url {quote(INDEX + build)} " if build else ""
        yield f"install {index}{' '.join(map(quote, found))}"


def _step(found: Finding, *, is_diff: bool) -> Step:
    if not is_diff:
        return _remedy(found)
    section = found.path[0]
    if section in ("packages", "frameworks") and len(found.path) > 1:
        return _package(found)
    if section == "env_vars" and len(found.path) > 1:
        return _variables(found)
    if section == "configs":
        return Step(tuple(_config(path, found) for path in found.changes or (found.path,)))
    return Step((_by_hand(found),))


def _package(found: Finding) -> Step:
    """Pin the distributions of a finding as the reference has them."""
    name = found.path[1].replace("_", "-").lower()
    steps = [_distribution(found, item) for item in _distributions(found, name)]
    together = Step(
        tuple(line for step in steps for line in step.lines),
        tuple(pin for step in steps for pin in step.pins),
        tuple(item for step in steps for item in step.gone),
    )
    return _remedy(found) if together == Step() else together


def _distributions(found: Finding, name: str) -> Iterator[str]:
    """The distribution that a finding is about, and those of its changes that do not follow from it."""
    others = (path[1] for path in found.changes if path[0] == "packages" and len(path) > 1)
    for item in dict.fromkeys((name, *others)):
        if item == name or not item.startswith(FOLLOWS):
            yield item


def _distribution(found: Finding, name: str) -> Step:
    """What makes one distribution as the reference has it; nothing where it is so."""
    reference, other = _version(found, name, "reference"), _version(found, name, "other")
    if reference is None:
        is_extra = other is not None and _is_absent(found, name) and NAME.fullmatch(name)
        return Step(gone=(name,)) if is_extra else Step()
    if reference == other:
        return Step()
    if NAME.fullmatch(name) and VERSION.fullmatch(reference):
        return Step(pins=(f"{name}=={reference}",))
    return Step((f"# by hand: install {plain(name)} {plain(reference)}",))


def _facts(found: Finding, name: str, side: str) -> Iterator[Fact]:
    """What a finding knows of a distribution on a side: its own facts before its framework's."""
    for section in ("packages", "frameworks"):
        for fact in found.facts:
            about = fact.path[1].replace("_", "-") if len(fact.path) > 1 else ""
            if fact.side == side and fact.path[0] == section and about == name:
                yield fact


def _version(found: Finding, name: str, side: str) -> str | None:
    for fact in _facts(found, name, side):
        if len(fact.path) == 2 or fact.path[-1] == "version":
            value = fact.value.get("version") if isinstance(fact.value, dict) else fact.value
            if isinstance(value, str):
                return value
    return None


def _is_absent(found: Finding, name: str) -> bool:
    return any(fact.state == "absent" for fact in _facts(found, name, "reference"))


def _variables(found: Finding) -> Step:
    paths = [path for path in found.changes or (found.path,) if path[0] == "env_vars"]
    return Step(tuple(_variable(path, found) for path in paths if len(path) > 1))


def _variable(path: Path, found: Finding) -> str:
    fact = next(
        (item for item in found.facts if item.path == path and item.side == "reference"), None
    )
    name = path[1]
    if fact is None or fact.state == "unknown" or not VARIABLE.fullmatch(name):
        return _by_hand(found)
    if fact.state == "absent" or fact.value is None:
        return f"unset {name}"
    value = str(fact.value)
    if len(value) > LONGEST_VALUE or plain(value) != value:
        return f"# by hand: {name} has a value that is not shown here"
    return f"export {name}={quote(value)}"


def _config(path: Path, found: Finding) -> str:
    sides = {fact.side: fact.value for fact in found.facts if fact.path == path}
    old, new = (plain(str(sides.get(side))) for side in ("other", "reference"))
    return f"# in the config: {plain(text(path))}: {old} -> {new}"


def _remedy(found: Finding) -> Step:
    """What the rule says to do, as commands where it has a source and they can be quoted."""
    remedy = found.remedy
    if remedy is None or not found.source:
        return Step((_by_hand(found),))
    variables = [*remedy.unset, *remedy.export]
    if not all(REQUIREMENT.fullmatch(item) for item in remedy.install) or not all(
        VARIABLE.fullmatch(name) for name in variables
    ):
        return Step((_by_hand(found),))
    lines = [f"# {plain(found.fix)} Known from: {plain(found.source)[:LONGEST_SOURCE]}"]
    lines += [f"unset {name}" for name in remedy.unset]
    lines += [f"export {name}={quote(plain(value))}" for name, value in remedy.export.items()]
    return Step(tuple(lines), remedy.install)


def _by_hand(found: Finding) -> str:
    return f"# by hand: {plain(found.fix or found.why)}"
