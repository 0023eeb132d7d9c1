"""Lays a pair's few facts over one whole environment on both sides, with harmless differences.

What one side alone states holds for both, since it is unknown on the other and not a difference.
The harmless differences are seeded by the case, so that a run repeats.
"""

from __future__ import annotations

import copy
import random
from typing import Any

from benchmarks.root_cause.cases import Sections

# Nothing that computes depends on these: the other side has some other release.
HARMLESS = ("certifi", "tzdata", "pytz", "idna", "six", "setuptools", "pip", "wheel", "black", "pytest",
            "coverage", "virtualenv", "platformdirs", "distlib", "iniconfig", "pluggy", "pygments", "rich",
            "colorama", "termcolor", "tabulate", "isort", "flake8", "babel", "docutils")  # fmt: skip
CHANGES = 8
# Parts of a running program, in which a patch release is not to matter.
PATCHED = ("requests", "urllib3", "filelock", "fsspec", "jinja2", "markupsafe", "networkx", "pyyaml", "regex",
           "typing-extensions", "packaging", "sympy", "mpmath", "pydantic", "httpx", "anyio", "fastapi",
           "starlette", "uvicorn", "aiohttp", "werkzeug", "flask")  # fmt: skip
PATCHES = 4


def overlaid(
    base: Sections, reference: Sections, other: Sections, name: str
) -> tuple[Sections, Sections]:
    """Return two whole environments that differ in the pair's facts and in harmless ones."""
    sides = copy.deepcopy(base), copy.deepcopy(base)
    shared_left, shared_right = _union(reference, other), _union(other, reference)
    for side, stated in zip(sides, (shared_left, shared_right), strict=True):
        _lay(side, stated)
    _disturb(sides, random.Random(name))  # noqa: S311 (a repeatable draw, not a secret)
    return sides


def _union(own: Sections, other: Sections) -> Sections:
    """What a side states, and the facts that only the other one states."""
    found: Sections = {}
    for name in [*own, *(name for name in other if name not in own)]:
        mine, theirs = own.get(name, {}), other.get(name, {})
        found[name] = {**theirs, **mine}
        if "entries" in mine and "entries" in theirs:
            found[name]["entries"] = {
                key: _fields(mine["entries"].get(key), theirs["entries"].get(key))
                for key in [
                    *mine["entries"],
                    *(key for key in theirs["entries"] if key not in mine["entries"]),
                ]
            }
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
    other = sides[1]
    packages = other.get("packages", {}).get("entries", {})
    present = sorted(name for name in HARMLESS if name in packages)
    for name in draw.sample(present, min(CHANGES, len(present))):
        packages[name] = {"version": _another(packages[name]["version"], draw)}
    patched = sorted(name for name in PATCHED if name in packages)
    for name in draw.sample(patched, min(PATCHES, len(patched))):
        packages[name] = {"version": _patched(packages[name]["version"])}
    other.setdefault("python", {})["prefix"] = f"/srv/{draw.randint(1, 99)}"
    other.setdefault("system", {})["kernel"] = f"5.15.0-{draw.randint(60, 130)}-generic"
    other["system"]["memory_total"] = draw.choice([64, 128, 256]) << 30
    other["system"]["timezone"] = draw.choice(["Etc/UTC", "Europe/Berlin"])
    variables = other.setdefault("env_vars", {}).setdefault("entries", {})
    variables["XDG_CACHE_HOME"] = f"/home/u{draw.randint(1, 9)}/.cache"
    other["identity"] = {"hostname": f"host-{draw.randint(1, 999)}"}


def _another(version: str, draw: random.Random) -> str:
    """Some later release: a post release, a minor or a major one."""
    first, _, _ = version.partition(".")
    if not first.isdigit():
        return f"{version}.post1"
    return draw.choice(
        [f"{version}.post1", f"{first}.{draw.randint(50, 99)}", f"{int(first) + 1}.0"]
    )


def _patched(version: str) -> str:
    """The next patch release."""
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}" if head and last.isdigit() else f"{version}.post1"
