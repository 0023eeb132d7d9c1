"""Lays a pair's few facts over one whole environment on both sides, with harmless differences.

What one side alone states holds for both, since it is unknown on the other and not a difference.
The harmless differences are seeded by the case, so that a run repeats.
"""

from __future__ import annotations

import copy
import random
from typing import Any

from benchmarks.root_cause.cases import Sections

# Nothing that computes depends on these; `False`: the other side has another patch release.
HARMLESS = ("certifi", "tzdata", "pytz", "idna", "six", "setuptools", "pip", "wheel", "black", "pytest",
            "coverage", "virtualenv", "platformdirs", "distlib", "iniconfig", "pluggy", "pygments", "rich",
            "colorama", "termcolor", "tabulate", "isort", "flake8", "babel", "docutils")  # fmt: skip
CHANGES = 8


def overlaid(
    base: Sections, left: Sections, right: Sections, name: str
) -> tuple[Sections, Sections]:
    """Return two whole environments that differ in the pair's facts and in harmless ones."""
    sides = copy.deepcopy(base), copy.deepcopy(base)
    shared_left, shared_right = _union(left, right), _union(right, left)
    for side, stated in zip(sides, (shared_left, shared_right), strict=True):
        _lay(side, stated)
    _disturb(sides, random.Random(name))  # noqa: S311 (a repeatable draw, not a secret)
    return sides


def _union(own: Any, other: Any) -> Any:
    """What a side states, and what only the other one states."""
    if isinstance(own, dict) and isinstance(other, dict):
        keys = [*own, *(key for key in other if key not in own)]
        return {
            key: _union(own.get(key, other.get(key)), other.get(key, own.get(key))) for key in keys
        }
    return own


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
    cpu = stated.get("system", {}).get("cpu")
    if cpu is not None:  # the base's flags are another processor's
        for key in ("cpu_flags", "cpu_vendor", "cpu_family", "cpu_model", "cpu_stepping"):
            side["system"].pop(key, None)


def _merge(entries: dict[str, Any], stated: dict[str, Any]) -> None:
    for key, value in stated.items():
        if isinstance(value, dict) and isinstance(entries.get(key), dict):
            entries[key] = {**entries[key], **value}
            if "version" in value:  # another release's files are not the base's
                for follower in ("record_sha256", "wheel_tags", "mapped_on_import", "build_config"):
                    entries[key].pop(follower, None)
        else:
            entries[key] = copy.deepcopy(value)


def _disturb(sides: tuple[Sections, Sections], draw: random.Random) -> None:
    right = sides[1]
    packages = right.get("packages", {}).get("entries", {})
    present = sorted(name for name in HARMLESS if name in packages)
    for name in draw.sample(present, min(CHANGES, len(present))):
        version = packages[name]["version"]
        packages[name] = {"version": f"{version}.post{draw.randint(1, 9)}"}
    right.setdefault("python", {})["prefix"] = f"/srv/{draw.randint(1, 99)}"
    right.setdefault("system", {})["kernel"] = f"5.15.0-{draw.randint(60, 130)}-generic"
    right["system"]["memory_total"] = draw.choice([64, 128, 256]) << 30
    right["system"]["timezone"] = draw.choice(["Etc/UTC", "Europe/Berlin"])
    variables = right.setdefault("env_vars", {}).setdefault("entries", {})
    variables["XDG_CACHE_HOME"] = f"/home/u{draw.randint(1, 9)}/.cache"
    right["identity"] = {"hostname": f"host-{draw.randint(1, 999)}"}
