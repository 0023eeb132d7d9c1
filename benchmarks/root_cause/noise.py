"""Differences that are not the cause: what two machines of one project differ in anyhow.

Every package of the base that computes nothing may have another release on the other side: half
a patch release, a third a minor one, the rest a major one. A second kind of noise lets packages
that do compute drift as well. What a case states is left alone. All of it is drawn from a seed.
What another distribution of the base would refuse is no harmless difference: a release is drawn
among those that the base's own requirements allow, and a distribution without one stays.
"""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.root_cause.cases import Sections
from envsnap.knowledge.specifiers import contains

DRAWS = 20  # of a release that nothing refuses

# The base's distributions whose purpose is to compute, decode or tokenise; judged by hand from
# what each says of itself, and not by the product's table, which the noise is to try.
NUMERICS = ("contourpy", "einops", "joblib", "mpmath", "networkx", "nltk", "numpy", "onnxruntime",
            "pandas", "pillow", "regex", "safetensors", "scipy", "sentencepiece", "sympy", "threadpoolctl",
            "tiktoken", "tokenizers", "torch", "transformers")  # fmt: skip


class Noise(Struct, frozen=True):
    """How many harmless packages differ, and how many that compute."""

    harmless: int
    numerics: int = 0

    def __str__(self) -> str:
        drift = f" and {self.numerics} numerics" if self.numerics else ""
        return f"{self.harmless} harmless{drift}"


def disturb(other: Sections, stated: Sections, noise: Noise, draw: random.Random) -> None:
    """Change the other side in place, by what is not the cause."""
    _packages(other, set(stated.get("packages", {}).get("entries", {})), noise, draw)
    _machine(other, stated, draw)


def _packages(other: Sections, stated: set[str], noise: Noise, draw: random.Random) -> None:
    entries = other.get("packages", {}).get("entries", {})
    free = sorted(name for name in entries if name not in stated)
    harmless = [name for name in free if name not in NUMERICS]
    numerics = [name for name in free if name in NUMERICS]
    for names, count in ((harmless, noise.harmless), (numerics, noise.numerics)):
        moved = 0
        for name in draw.sample(names, len(names)):
            version = allowed(name, entries[name]["version"], draw) if moved < count else None
            if version is not None:
                _move(other, name, version)
                moved += 1


def _move(other: Sections, name: str, version: str) -> None:
    other["packages"]["entries"][name] = {"version": version}
    framework = other.get("frameworks", {}).get("entries", {}).get(name)
    if framework is not None and "version" in framework:
        framework["version"] = version


def allowed(name: str, version: str, draw: random.Random) -> str | None:
    """Some other release that nothing in the base refuses; None where none was drawn."""
    wanted = _requirements().get(name, {}).values()
    drawn = (another(version, draw) for _ in range(DRAWS))
    return next(
        (v for v in drawn if all(contains(asked, v) is not False for asked in wanted)), None
    )


@cache
def _requirements() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("requirements.json")
    rows: dict[str, dict[str, str]] = json.loads(path.read_text())["rows"]
    return rows


def another(version: str, draw: random.Random) -> str:
    """Some later release: a patch one half of the time, a minor one a third, else a major one."""
    public, plus, local = version.partition("+")
    parts = [*public.split("."), "0", "0"][:3]
    numbers = [int(part) if part.isdigit() else 0 for part in parts]
    place = draw.choices((2, 1, 0), (3, 2, 1))[0]
    numbers[place] += draw.randint(1, 3)
    numbers[place + 1 :] = [0] * (2 - place)
    return ".".join(map(str, numbers)) + plus + local


def _machine(other: Sections, stated: Sections, draw: random.Random) -> None:
    found: dict[tuple[str, str], Any] = {
        ("python", "prefix"): f"/srv/{draw.randint(1, 99)}",
        ("system", "kernel"): f"5.15.0-{draw.randint(60, 130)}-generic",
        ("system", "memory_total"): draw.choice([64, 128, 256]) << 30,
        ("system", "timezone"): draw.choice(["Etc/UTC", "Europe/Berlin"]),
    }
    for (section, key), value in found.items():
        if key not in stated.get(section, {}):
            other.setdefault(section, {})[key] = value
    variables = other.setdefault("env_vars", {}).setdefault("entries", {})
    variables.setdefault("XDG_CACHE_HOME", f"/home/u{draw.randint(1, 9)}/.cache")
    other["identity"] = {"hostname": f"host-{draw.randint(1, 999)}"}
