"""Seeds and generators of all processes of a run, in the `seeds` section of its manifest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from envsnap.observe.classes import shown
from envsnap.observe.journals import Process

MOST_PROCESSES = 64
MOST_VALUES = 16
NEVER_SEEDED = "absent: never seeded, so that its state differs at every start"
STATES = {
    "seeded": {"seeded": True},
    "unseeded": {"seeded": False},
    "drawn": {"seeded": False, "drawn": True},
    "untouched": {"seeded": False, "drawn": False},
}


def add(sections: dict[str, Any], processes: Sequence[Process], *, complete: bool) -> None:
    """Add what the processes told; states of generators that were never seeded are left out."""
    section = sections.setdefault("seeds", {"facts": {}, "gaps": {}, "complete": False})
    section["complete"] = complete
    facts, gaps = section["facts"], section["gaps"]
    calls: dict[str, dict[str, list[str]]] = {}
    generators: dict[str, dict[str, bool]] = {}
    ranks: set[str] = set()
    for number, process in enumerate(_in_order(processes[:MOST_PROCESSES])):
        suffix = _suffix(number, process, ranks)
        for function, value, place in process.seeds:
            call = calls.setdefault(function + suffix, {"values": [], "places": []})
            _add_once(call["values"], value)
            _add_once(call["places"], _place(place))
        for name, state in process.generators.items():
            if state in STATES:
                generators[name + suffix] = STATES[state]
    facts["calls"], facts["generators"] = calls, generators
    if len(processes) > MOST_PROCESSES:
        section["complete"] = False
        gaps["calls"] = f"not asked: of {len(processes)} processes the first {MOST_PROCESSES}"
    for name, generator in generators.items():
        if not generator["seeded"]:
            _leave_out(name, facts, gaps)


def _in_order(processes: Sequence[Process]) -> list[Process]:
    """The processes as they are numbered: the first, then ranks as they began, then by what they seeded.

    Which child begins first is chance, and so is whether a helper of Python's begins before it.
    """
    if not processes:
        return []
    first, *others = processes
    return [first, *sorted(others, key=_seeded)]


def _seeded(process: Process) -> tuple[bool, list[Any], list[Any]]:
    if process.rank.isdigit() and not process.copy:
        return False, [], []
    return True, [not process.seeds, *sorted(process.seeds)], sorted(process.generators.items())


def _add_once(words: list[str], word: str) -> None:
    if word not in words and len(words) < MOST_VALUES:
        words.append(word)


def _leave_out(name: str, facts: dict[str, Any], gaps: dict[str, str]) -> None:
    """Take out the state of a generator that nobody seeded: no two runs have the same."""
    if facts.get("rng", {}).pop(name, None) is not None:
        gaps[f"rng.{name}"] = NEVER_SEEDED
    if name == "torch" and facts.pop("torch_initial_seed", None) is not None:
        gaps["torch_initial_seed"] = NEVER_SEEDED


def _suffix(number: int, process: Process, ranks: set[str]) -> str:
    """What tells the facts of a process from those of the one that the manifest describes.

    `ranks` are those that a process before it has; its children have the same.
    """
    first = process.rank.isdigit() and not process.copy and process.rank not in ranks
    ranks.add(process.rank)
    if number == 0:
        return ""
    return f"@rank{process.rank}" if first else f"@{number}"


def _place(place: str) -> str:
    path, _, line = place.rpartition(":")
    short = os.path.relpath(path) if path.startswith(os.getcwd() + os.sep) else path
    return shown(f"{short}:{line}")
