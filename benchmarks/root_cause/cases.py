"""Real cases as manifests.

A case states a few facts of one or two environments. What it does not state is unknown, so its
sections are partial; environment variables alone count set against unset. A hash of its name
puts each case into one of two halves: those that rules may be written from, and those that are
scored by the command alone and whose misses nobody reads.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from benchmarks.root_cause import vocabulary
from envsnap.intake import facts
from envsnap.knowledge.names import canonical
from envsnap.model.manifest import Manifest, Target
from envsnap.model.paths import Path as FactPath

Case = dict[str, Any]
Sections = dict[str, dict[str, Any]]
HALVES = ("read", "unread")
COMPLETE = ("env_vars",)  # sections whose silence says that a fact is not there
BOTH_CUDNN = re.compile(r"([\d.]+) \(runtime\); ([\d.]+) \(compiled\)")


def load(path: Path) -> list[dict[str, Any]]:
    """Read a case file: one JSON object a line."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def half(case: Case) -> str:
    """The half that a case belongs to, by a hash of its name."""
    return HALVES[hashlib.sha256(case["id"].encode()).digest()[0] % 2]


def freeze(found: Sections) -> Sections:
    """What `pip freeze` would say of an environment: its packages, and nothing else."""
    return {"packages": found["packages"]} if "packages" in found else {}


def sections(stated: dict[str, Any]) -> Sections:
    """The stated facts of one environment, as sections of a manifest."""
    stated = _known(stated)
    found = {name: known for name, value in stated.items() if (known := _section(name, value))}
    _kernel_module(found)
    framework = vocabulary.framework(found)
    _both_cudnn(found)
    for name, value in stated.items():
        if name not in vocabulary.SECTIONS and isinstance(value, dict):
            for key, item in value.items():
                for place, fact in vocabulary.facts(name, key, str(item), framework):
                    _put(found, place, fact)
    _processor_flags(found)
    _complete_torch(found)
    return found


def _section(name: str, value: Any) -> dict[str, Any] | None:
    """A section of a manifest as a case states it; None for what is none."""
    if name == "packages":
        return {
            "entries": {
                canonical(key): {"version": str(item)}
                for key, item in value.items()
                if isinstance(item, str | int | float)
            }
        }
    if name == "gpus":
        return {"entries": {str(index): dict(gpu) for index, gpu in enumerate(value)}}
    if name == "configs" and isinstance(value, dict):
        return {"entries": _configs(value)}
    if name in ("frameworks", "env_vars"):
        return {"entries": {key: _entry(item) for key, item in value.items()}}
    return dict(value) if name in vocabulary.SECTIONS and isinstance(value, dict) else None


def _configs(stated: dict[str, Any]) -> dict[str, Any]:
    """Config files by name; keys that are stated without a file's name are one file's."""
    files = {name: {"tree": tree} for name, tree in stated.items() if isinstance(tree, dict)}
    loose = {name: value for name, value in stated.items() if not isinstance(value, dict)}
    return {**files, **({"config": {"tree": loose}} if loose else {})}


def _known(value: Any) -> Any:
    """What is stated: null says nothing."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item is not None}
    return value


def _kernel_module(found: Sections) -> None:
    """A driver version that is said to be the kernel module's is that fact."""
    driver = str(found.get("driver", {}).get("version", ""))
    version, marked, _ = driver.partition(" (kernel module)")
    if marked:
        found["driver"] = {"version": version, "kernel_module": version}


def _both_cudnn(found: Sections) -> None:
    """A cuDNN that is stated as loaded and as built with is two facts."""
    for framework in found.get("frameworks", {}).get("entries", {}).values():
        match = BOTH_CUDNN.fullmatch(
            str(framework.get("cudnn", "")) if isinstance(framework, dict) else ""
        )
        if match:
            framework["cudnn_loaded"], framework["cudnn"] = match.groups()


def _processor_flags(found: Sections) -> None:
    """A processor that is described by its instruction sets states flags."""
    flags = vocabulary.flags(str(found.get("system", {}).get("cpu", "")))
    if flags:
        found["system"].setdefault("cpu_flags", flags)


def _entry(item: Any) -> Any:
    return (
        {key: value for key, value in item.items() if key in vocabulary.FRAMEWORK}
        if isinstance(item, dict)
        else str(item)
    )


def _put(found: Sections, place: FactPath, value: Any) -> None:
    section = found.setdefault(place[0], {})
    if len(place) == 3:
        section = section.setdefault("entries", {}).setdefault(place[1], {})
    section.setdefault(place[-1], value)


def _complete_torch(found: Sections) -> None:
    """`packages.torch` and `frameworks.torch.version` are one fact."""
    packages = found.get("packages", {}).get("entries", {})
    version = packages.get("torch", {}).get("version")
    framework = found.get("frameworks", {}).get("entries", {}).get("torch")
    if version and (framework is None or "version" not in framework):
        _put(found, ("frameworks", "torch", "version"), version)


def manifest(known: Sections, *, partial: bool) -> Manifest:
    """A manifest of these sections: of nothing else, or of a whole environment."""
    message = {
        name: {"complete": not partial or name in COMPLETE, "gaps": {}, "facts": section}
        for name, section in known.items()
    }
    messages = facts.Messages({"probe": 1, "created_at": 0, "sections": message})
    return facts.to_manifest(messages, Target(kind="file"), None, {}, "case")
