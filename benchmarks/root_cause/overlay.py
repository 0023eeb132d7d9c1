"""Lays a pair's few facts over one whole environment on both sides.

What one side alone states holds for both, since it is unknown on the other and not a difference.
Environment variables are the exception: what a side does not state is not set there.
"""

from __future__ import annotations

import copy
from typing import Any

from benchmarks.root_cause.cases import COMPLETE, Sections

# Binaries of before NumPy 2 do not load with it. A case that states one of these, and no NumPy,
# gets a NumPy that both sides load with: the base's would be a second culprit.
OF_NUMPY = ("onnxruntime", "torch", "tensorflow", "opencv", "scikit", "scipy", "pandas", "numba",
            "jaxlib", "faiss", "xgboost", "spacy", "mxnet")  # fmt: skip
OLD_NUMPY = "1.26.4"
# Of another release or build of a package, the base's files say nothing.
OF_A_RELEASE = ("record_sha256", "wheel_tags", "mapped_on_import", "build_config", "git_version")
OF_A_PROCESSOR = ("cpu_flags", "cpu_vendor", "cpu_family", "cpu_model", "cpu_stepping")


def overlaid(base: Sections, reference: Sections, other: Sections) -> tuple[Sections, Sections]:
    """Return two whole environments that differ in the pair's facts alone."""
    sides = copy.deepcopy(base), copy.deepcopy(base)
    _lay(sides[0], union(reference, other))
    _lay(sides[1], union(other, reference))
    if needs_old_numpy(reference, other):
        for side in sides:
            _lay(side, {"packages": {"entries": {"numpy": {"version": OLD_NUMPY}}}})
            _lay(side, {"frameworks": {"entries": {"numpy": {"version": OLD_NUMPY}}}})
    return sides


def needs_old_numpy(reference: Sections, other: Sections) -> bool:
    """Whether a case states a binary without the NumPy that it was built for."""
    stated = {**_entries(reference, "packages"), **_entries(other, "packages")}
    return "numpy" not in stated and any(name.startswith(OF_NUMPY) for name in stated)


def union(own: Sections, foreign: Sections) -> Sections:
    """What a side states, and the facts that only the other one states."""
    found: Sections = {}
    for name in dict.fromkeys([*own, *foreign]):
        mine, theirs = own.get(name, {}), foreign.get(name, {})
        if name in COMPLETE:
            found[name] = copy.deepcopy(mine)
            continue
        found[name] = {**theirs, **mine}
        if "entries" in mine and "entries" in theirs:
            keys = dict.fromkeys([*mine["entries"], *theirs["entries"]])
            found[name]["entries"] = {
                key: _fields(mine["entries"].get(key), theirs["entries"].get(key)) for key in keys
            }
    return found


def _entries(sections: Sections, name: str) -> dict[str, Any]:
    found: dict[str, Any] = sections.get(name, {}).get("entries", {})
    return found


def _fields(mine: Any, theirs: Any) -> Any:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return {**theirs, **mine}
    return theirs if mine is None else mine


def _lay(side: Sections, stated: Sections) -> None:
    for name, section in stated.items():
        target = side.setdefault(name, {})
        for key, value in section.items():
            if key != "entries":
                target[key] = value
            elif name == "gpus":
                target["entries"] = copy.deepcopy(value)
            else:
                _merge(target.setdefault("entries", {}), value)
    if "cpu" in stated.get("system", {}):  # the base's flags are another processor's
        for key in OF_A_PROCESSOR:
            if key not in stated["system"]:
                side["system"].pop(key, None)


def _merge(entries: dict[str, Any], stated: dict[str, Any]) -> None:
    for key, value in stated.items():
        if isinstance(value, dict) and isinstance(entries.get(key), dict):
            entries[key] = {**entries[key], **value}
            if "version" in value:
                for follower in OF_A_RELEASE:
                    entries[key].pop(follower, None)
        else:
            entries[key] = copy.deepcopy(value)
