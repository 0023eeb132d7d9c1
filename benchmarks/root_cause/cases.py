"""Real cases as manifests.

A case states a few facts of one or two environments. What it does not state is unknown, so its
sections are partial; environment variables alone count set against unset.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from envsnap.intake import facts
from envsnap.intake.package_lists import canonical
from envsnap.model.manifest import Manifest, Target
from envsnap.model.paths import Path as FactPath
from envsnap.model.paths import text

Sections = dict[str, dict[str, Any]]
SEPARATORS = re.compile(r"[-_.]+")
COMPLETE = ("env_vars",)
# Facts that cases state outside the agreed names, and where a manifest has them.
OTHER = {
    "machine": ("system", "architecture"),
    "cudnn_runtime": ("frameworks", "torch", "cudnn_loaded"),
    "cudnn_compiled": ("frameworks", "torch", "cudnn"),
    "driver_userland": ("driver", "libnvidia_ml"),
    "driver_cuda": ("cuda", "driver"),
    "python_platform": ("python", "platform"),
    "nccl": ("frameworks", "torch", "nccl"),
}


def load(path: Path) -> list[dict[str, Any]]:
    """Read a case file: one JSON object a line."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def sections(stated: dict[str, Any]) -> Sections:
    """The stated facts of one environment, as sections of a manifest."""
    found: Sections = {}
    for name, value in stated.items():
        if name == "packages":
            entries = {canonical(key): {"version": str(item)} for key, item in value.items()}
            found["packages"] = {"entries": entries}
        elif name == "gpus":
            found["gpus"] = {"entries": {str(index): dict(gpu) for index, gpu in enumerate(value)}}
        elif name in ("frameworks", "env_vars"):
            found[name] = {"entries": {key: _entry(item) for key, item in value.items()}}
        elif name == "other":
            continue
        elif isinstance(value, dict):
            found[name] = dict(value)
    _kernel_module(found)
    for key, item in stated.get("other", {}).items():
        if key in OTHER:
            _put(found, OTHER[key], str(item))
    _complete_torch(found)
    return found


def _kernel_module(found: Sections) -> None:
    """A driver version that is said to be the kernel module's is that fact."""
    version, marked, _ = found.get("driver", {}).get("version", "").partition(" (kernel module)")
    if marked:
        found["driver"] = {"version": version, "kernel_module": version}


def _entry(item: Any) -> Any:
    return (
        {key: value for key, value in item.items() if key in _KNOWN}
        if isinstance(item, dict)
        else str(item)
    )


_KNOWN = ("version", "cuda", "rocm", "cudnn", "cudnn_loaded", "nccl", "arch_list")


def _put(found: Sections, place: FactPath, value: str) -> None:
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


def hits(path: FactPath, keys: list[str]) -> bool:
    """Tell whether a finding's path names the culprit by one of its acceptable keys."""
    spelled = {text(path), text(path[:2])}
    if path[0] == "gpus":
        spelled |= {"gpus", f"gpus[].{path[-1]}"}
    if path[0] in ("packages", "frameworks") and len(path) > 1:
        spelled |= {f"packages.{path[1]}", f"frameworks.{path[1]}.version"}
    if path[0] == "driver":
        spelled |= {"driver.version", "other.driver_userland"}
    if path[0] == "determinism":
        spelled.add(text(path))
    if path[:2] == ("system", "cpu_flags"):
        spelled.add("system.cpu")
    if path[:2] == ("system", "architecture"):
        spelled |= {"system.machine", "other.machine"}
    normal = {SEPARATORS.sub("-", key) for key in spelled}
    return any(SEPARATORS.sub("-", key) in normal for key in keys)
