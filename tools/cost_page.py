"""`docs/cost.md`: what envsnap costs, from committed results of the benchmarks of speed and of fleets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULT = BENCHMARKS / "speed" / "result.json"
HOSTS = BENCHMARKS / "fleet" / "result.txt"  # what it printed: three columns of these widths
WIDTHS = (58, 83)
# What each program tells of an environment: read in its output.
COLLECTS = {
    "pip list": "names and versions",
    "uv pip list": "names and versions; a compiled program, which is the floor",
    "pipdeptree": "names, versions, who requires whom",
    "venv-match": "names and versions, Python, the operating system, variables that are named",
    "pip inspect": "the whole metadata of each distribution",
    "cyclonedx-py": "an SBOM: names, versions, licences, who requires whom",
    "envsnap": "distributions with origin, build and digest of RECORD; frameworks, codecs, CUDA, driver,"
    " GPUs, system, variables, git",
}
ROWS = {
    "capture --no-import": ("`capture --no-import`, 200 distributions", "`pip list`", 0.22),
    "capture with torch": ("`capture` with torch", "`import torch`", 1.03),
    "diff JSON": ("`diff`, JSON", "bare Python", 7),
    "diff terminal": ("`diff`, terminal", "bare Python", 9),
    "check JSON": ("`check`, JSON", "bare Python", 8),
    "run, 50,000 files opened": ("`run`, a script that opens 50,000 files", "the script alone", 2),
}
# Rows that results of before they were measured lack.
FURTHER = {
    "capture with torch, import alone": (
        "`capture` with torch", "`import torch` without Python's taking it down", None
    ),
}  # fmt: skip
WITNESSES = "what a run of 50,000 files cannot do without"
EMPTY, LARGE = "run, empty script", "RECORD of 1,000,000 lines"
YAML = "20,000 YAML keys, "


def page() -> str:
    """The page, with the figures of the result."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    rows, machine = result["rows"], result["machine"]
    lines = [
        "# What it costs",
        "",
        "Written by `python -m tools.regenerate` from one run of `python -m benchmarks.speed`.",
        "",
        (
            "Figures are CPU seconds of the whole process tree, user and system. Each is a median of"
            f" {result['repeats']} runs (fewer of those that take long). The commands of a row run in turn."
            f" Measured on {machine['day']}: {machine['cpu']}, {machine['cores']} cores,"
            f" Python {machine['python']}."
            f"{_load(machine)}"
        ),
        "",
        (
            f"*Before* is commit `{result['before']}`, which collected fewer facts. *Aim* is what the project"
            " wants to reach; a figure above it is a miss."
        ),
        "",
        "| what | against | before | after | aim |",
        "|---|---|---|---|---|",
        *(_ratio(rows[name], *told) for name, told in ROWS.items()),
        *(_ratio(rows[name], *told) for name, told in FURTHER.items() if name in rows),
        _empty(rows[EMPTY]),
        _yaml(rows),
        _memory(rows[LARGE]),
        "",
        *_least(rows.get("what a capture cannot do without")),
        *_least_of_a_run(rows),
        "## Beside other programs",
        "",
        "All describe the same environment of 200 distributions. Each runs in an environment of its own.",
        "",
        "| program | CPU seconds | against `pip list` | what it collects |",
        "|---|---|---|---|",
        *_peers(rows["capture --no-import"], rows["a peer that takes long"]),
        "",
        "## The same facts",
        "",
        (
            "Each fact of the manifest before must be in the manifest after. These are the values of both that"
            " are equal, the values that are new, and the paths of those that are other or gone:"
        ),
        "",
        "| manifest | equal | new | other | gone |",
        "|---|---|---|---|---|",
        *(_facts(name, told) for name, told in result["facts"].items()),
        "",
        *_hosts(),
    ]
    return "\n".join(lines)


def _hosts() -> list[str]:
    measured, *rows = HOSTS.read_text(encoding="utf-8").splitlines()
    first, second = WIDTHS
    cells = [(row[:first].strip(), row[first:second].strip(), row[second:].strip()) for row in rows]
    return [
        "## Many hosts",
        "",
        (
            "One run of `python -m benchmarks.fleet`: CPU seconds and peak memory of synthetic hosts, which are one"
            " real capture with planted drifts. *few* has seven kinds, *skewed* up to 5,000, and in *noise* each host"
            " has a variable of its own. Growth is the exponent between half the hosts and all of them."
            f" Measured on {measured.replace(':', ' on', 1)}."
        ),
        "",
        "| what | measured | bound |",
        "|---|---|---|",
        *(f"| {what} | {value} | {bound} |" for what, value, bound in cells),
        "",
    ]


def _load(machine: dict[str, Any]) -> str:
    """What else ran; the benchmark itself makes a load of one."""
    if machine.get("load", 0) < 2:
        return ""
    return (
        f" Other programs kept the machine at a load of {machine['load']}: figures of a quiet machine"
        " are lower, most of all those of short commands."
    )


def _ratio(row: dict[str, Any], what: str, against: str, aim: float | None) -> str:
    ratios = row["ratios"]
    aimed = "" if aim is None else f"{aim} times"
    return f"| {what} | {against} | {ratios['before']:.2f} times | {ratios['after']:.2f} times | {aimed} |"


def _empty(row: dict[str, Any]) -> str:
    more = [row["seconds"][side] - row["base"] for side in ("before", "after")]
    return f"| `run`, an empty script | the script alone | +{more[0]:.2f} s | +{more[1]:.2f} s | +0.15 s |"


def _yaml(rows: dict[str, Any]) -> str:
    more = [
        row["seconds"]["with"] - row["base"]
        for row in (rows[f"{YAML}{s}"] for s in ("before", "after"))
    ]
    return f"| a configuration of 20,000 YAML keys | without it | +{more[0]:.2f} s | +{more[1]:.2f} s | +0.5 s |"


def _memory(row: dict[str, Any]) -> str:
    found = row["megabytes"]
    return f"| one RECORD of a million lines, memory | | {found['before']} MB | {found['after']} MB | 100 MB |"


def _least(row: dict[str, Any] | None) -> list[str]:
    """What two interpreters and their imports take: no capture costs less."""
    if row is None:
        return []
    ratios = row["ratios"]
    return [
        (
            "A capture runs two interpreters: its own, and that of the environment. Importing msgspec"
            f" in the first takes {ratios['imports']:.2f} times `pip list`. Starting the second with the modules"
            f" of the standard library that the probe needs takes {ratios['interpreter']:.2f} times. That is"
            f" {sum(ratios.values()):.2f} times before any fact is read."
        ),
        "",
    ]


def _least_of_a_run(rows: dict[str, Any]) -> list[str]:
    """What the two witnesses of a run take, and the run of nothing: no run costs less."""
    row, empty, many = rows.get(WITNESSES), rows[EMPTY], rows["run, 50,000 files opened"]
    if row is None:
        return []
    more = {name: ratio - 1 for name, ratio in row["ratios"].items()}
    once = (empty["seconds"]["after"] - empty["base"]) / many["base"]
    return [
        (
            "A run has two witnesses of each opened file. A hook that only asks the system for the state of the file"
            f" adds {more['hook']:.2f} times the script, and a watch of the folder whose events nobody looks into"
            f" adds {more['watch']:.2f} times. What a run of nothing costs is {once:.2f} times this script. The least"
            f" is therefore {1 + once + sum(more.values()):.2f} times, before any file is named."
        ),
        "",
    ]


def _peers(row: dict[str, Any], slow: dict[str, Any]) -> list[str]:
    seconds = {"pip list": row["base"], **row["seconds"]}
    seconds |= {name: ratio * row["base"] for name, ratio in slow["ratios"].items()}
    seconds["envsnap"] = seconds.pop("after")
    del seconds["before"]
    return [
        f"| {name} | {taken:.2f} | {taken / row['base']:.2f} times | {COLLECTS[name]} |"
        for name, taken in sorted(seconds.items(), key=lambda item: item[1])
    ]


def _facts(name: str, told: dict[str, Any]) -> str:
    other, gone = (
        ", ".join(f"`{path}`" for path in told[word]) or "none" for word in ("other", "lost")
    )
    return f"| {name} | {told['same']:,} | {told['new']:,} | {other} | {gone} |"
