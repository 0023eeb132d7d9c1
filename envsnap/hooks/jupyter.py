"""Jupyter: manifests, results and verdicts as tables; `%load_ext envsnap`.

%envsnap capture               describe this kernel
%envsnap diff dev.json         what differs between a manifest and this kernel
%envsnap diff dev.json prod.json
%envsnap check [FILE]
%envsnap save FILE             write this kernel's manifest
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import to_builtins

from envsnap import api
from envsnap.errors import EnvsnapError
from envsnap.model import reading
from envsnap.model.manifest import Manifest, present
from envsnap.model.paths import text
from envsnap.report import summary
from envsnap.report.markup import Html, joined, tag
from envsnap.report.sanitize import plain, value
from envsnap.rules.engine import Result
from envsnap.rules.finding import Finding, Severity

USAGE = "write capture, diff REFERENCE [OTHER], check [FILE] or save FILE"
MOST_FINDINGS = 20
LONGEST_VALUE = 24  # a digest must not push the explanation off the screen
COLOURS = {Severity.ERROR: "#c62828", Severity.WARNING: "#b26a00", Severity.INFO: "#5f6b7a"}
OUTCOMES = {"same": "#2e7d32", "equivalent": "#2e7d32", "diverged": "#c62828"}
CELL = "text-align:left;padding:2px 10px 2px 0;vertical-align:top;min-width:3em"


def html(record: object) -> str:
    """What a notebook shows of a manifest, a result or a verdict."""
    if isinstance(record, Manifest):
        return _manifest(record)
    if isinstance(record, Result):
        return _result(record)
    return _verdict(record)


def _manifest(manifest: Manifest) -> Html:
    """The facts that people ask for first, and how complete each section is."""
    head = f"{manifest.label} · " if manifest.label else ""
    rows = [(name, shown) for name, shown in _main_facts(manifest) if shown]
    rows.append(("sections", ", ".join(_sections(manifest))))
    table = _table(("", ""), [(tag("b", name), shown) for name, shown in rows])
    made = f"captured {manifest.created_at}" if manifest.created_at else ""
    title = joined(tag("b", f"{head}environment {manifest.fingerprint[:19]}"), f" {made}")
    return tag("div", title, table, class_="envsnap")


def _main_facts(manifest: Manifest) -> list[tuple[str, str]]:
    def stated(section: str, field: str) -> str:
        found = reading.stated(manifest, section, field)
        return "" if found is None else value(found)

    frameworks = [
        f"{name} {framework.version}"
        for name, framework in reading.frameworks(manifest).items()
        if isinstance(framework.version, str)
    ]
    gpus = [gpu.name for gpu in reading.gpus(manifest).values() if isinstance(gpu.name, str)]
    return [
        ("Python", stated("python", "version")),
        ("packages", str(len(reading.packages(manifest)))),
        ("frameworks", ", ".join(frameworks)),
        ("driver", stated("driver", "version")),
        ("GPUs", ", ".join(gpus)),
        ("system", stated("system", "os")),
        ("weights", str(len(reading.entries(manifest, "weights")) or "")),
        ("configs", str(len(reading.entries(manifest, "configs")) or "")),
    ]


def _sections(manifest: Manifest) -> list[str]:
    """Each section, with the number of facts that it could not learn."""
    return [
        f"{name} ({len(section.gaps)} unknown)" if section.gaps else name
        for name, section in present(manifest.sections).items()
    ]


def _result(result: Result) -> Html:
    is_diff = bool(result.compared or result.unknown or result.lacking)
    shown = result.findings[:MOST_FINDINGS]
    rows = [_row(finding, is_diff=is_diff) for finding in shown]
    heads = ("", "where", "reference", "other", "") if is_diff else ("", "where", "found", "")
    more = len(result.findings) - len(shown)
    return tag(
        "div",
        tag("b", summary.tally(result, is_diff)),
        _table(heads, rows) if rows else "",
        tag("p", f"… and {more:,} more") if more else "",
        class_="envsnap",
    )


def _row(finding: Finding, *, is_diff: bool) -> tuple[str, ...]:
    severity = tag(
        "span", finding.severity.value, style=f"color:{COLOURS[finding.severity]};font-weight:600"
    )
    sides = (finding.reference, finding.other) if is_diff else (finding.other,)
    told = [tag("span", finding.message)]
    if finding.fix:
        told.append(tag("br"))
        told.append(tag("small", f"Fix: {finding.fix}"))
    cells = tuple(tag("code", _cut(side)) for side in sides)
    return (severity, tag("code", plain(text(finding.path))), *cells, joined(*told))


def _verdict(verdict: Any) -> Html:
    from envsnap.report import verdict_lines

    tree = to_builtins(verdict)
    rows = [
        (tag("b", rung["name"]), str(rung.get("state", "")), str(rung.get("summary", "")))
        for rung in tree["rungs"]
    ]
    colour = OUTCOMES.get(verdict.outcome, COLOURS[Severity.WARNING])
    title = tag("b", verdict_lines.headline(verdict), style=f"color:{colour}")
    fix = tag("p", f"Fix: {verdict.fix}") if verdict.fix else ""
    return tag("div", title, _table(("", "", ""), rows), fix, class_="envsnap")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Html:
    top = tag("tr", *(tag("th", head, style=CELL) for head in heads)) if any(heads) else ""
    body = [tag("tr", *(tag("td", cell, style=CELL) for cell in row)) for row in rows]
    return tag("table", top, *body)


def _cut(item: object) -> str:
    shown = "—" if item is None else value(item)
    return shown if len(shown) <= LONGEST_VALUE else f"{shown[:LONGEST_VALUE]}…"


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext envsnap` calls: adds the magic `%envsnap`."""
    shell.register_magic_function(run, magic_kind="line", magic_name="envsnap")


def unload_ipython_extension(shell: Any) -> None:
    """What `%unload_ext envsnap` calls."""
    shell.magics_manager.magics["line"].pop("envsnap", None)


def run(line: str) -> Manifest | Result:
    """Do what the line of a magic says, about this kernel. What is wrong with it is one line."""
    from IPython.core.error import UsageError

    try:
        word, *arguments = shlex.split(line) or ["capture"]
        work = WORDS.get(word, _nothing)
        return work(*arguments)
    except TypeError:
        raise UsageError(f"%envsnap {plain(line)}: {USAGE}") from None
    except (EnvsnapError, ValueError) as error:
        raise UsageError(f"%envsnap {plain(line)}: {plain(str(error))}") from None


def _nothing(*_: str) -> Manifest:
    raise EnvsnapError(USAGE)


def _capture() -> Manifest:
    return api.capture()


def _diff(reference: str, other: str | None = None) -> Result:
    there = api.capture() if other is None else api.load(other)
    return api.diff(api.load(reference), there, policy=api.load_policy())


def _check(name: str | None = None) -> Result:
    return api.check(api.capture() if name is None else api.load(name), policy=api.load_policy())


def _save(path: str) -> Manifest:
    manifest = api.capture()
    api.save(manifest, path)
    return manifest


WORDS: dict[str, Callable[..., Manifest | Result]] = {
    "capture": _capture,
    "diff": _diff,
    "check": _check,
    "save": _save,
}
