"""An installed wheel is for another platform than this one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.tables import table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

TAG = re.compile(r"cp([0-9])([0-9]{1,4})t?-(cp[0-9]{1,5}\w*|abi3)-(\S+)")
SYSTEMS = {
    "win": "win32",
    "macosx": "darwin",
    "manylinux": "linux",
    "musllinux": "linux",
    "linux": "linux",
}
MANYLINUX = re.compile(r"(manylinux_\d+_\d+|manylinux\d+)_\w+")


class WheelPlatform(Rule):
    """An installed wheel needs a newer glibc, another Python, or another architecture.

    pip refuses such wheels, but environments are copied, mounted and unpacked on other hosts.
    Examples: a site-packages from Python 3.11 beside a Python 3.10, a folder from a newer
    distribution on an older one. Imports then fail: "version `GLIBC_2.28' not found", "undefined
    symbol: Py...". A tag may promise more than is true (wheels of torch up to 2.6 are tagged for
    glibc 2.5): if the tag fits, the rule reports nothing.

    Fix: install the packages anew on this host, with this Python.
    """

    id = "wheel-platform"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold each wheel's tags against the interpreter and the C library."""
        for name, package in packages(manifest).items():
            tags = package.wheel_tags
            if not isinstance(tags, tuple) or not tags or "py3-none-any" in tags:
                continue
            wrong = [_mismatch(manifest, tag) for tag in tags]
            if all(wrong):
                yield self._finding(name, tags[0], str(wrong[0]))

    def _finding(self, name: str, tag: str, reason: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "wheel_tags"),
            message=f"{name} is a wheel for {reason}",
            why="The environment was copied from another host, or is used with another Python.",
            fix=f"Install {name} anew with this Python, on this host.",
            source="pypa/auditwheel manylinux-policy.json; PEP 425",
        )


def _mismatch(manifest: Manifest, tag: str) -> str | None:
    """Why a tag does not fit; None where it does, or where nothing can be said."""
    match = TAG.fullmatch(tag)
    platform = match[4] if match else tag.rpartition("-")[2]
    python = stated(manifest, "python", "version")
    if match and isinstance(python, str) and numbers(python):
        want, have = (int(match[1]), int(match[2])), numbers(python)[:2]
        if (have < want) if match[3] == "abi3" else (have != want):
            return f"Python {want[0]}.{want[1]}, and this is {python}"
    if (other := _other_system(platform, manifest)) is not None:
        return other
    architecture = stated(manifest, "system", "architecture")
    if (
        isinstance(architecture, str)
        and "linux" in platform
        and not platform.endswith(architecture)
    ):
        return f"{platform}, and this machine is {architecture}"
    return _newer_glibc(platform, stated(manifest, "system", "glibc"))


def _other_system(platform: str, manifest: Manifest) -> str | None:
    """A tag of another operating system, or of another C library."""
    system = stated(manifest, "system", "platform")
    named = next((name for prefix, name in SYSTEMS.items() if platform.startswith(prefix)), None)
    if isinstance(system, str) and named is not None and named != system:
        return f"{platform}, and this is {system}"
    musl, glibc = stated(manifest, "system", "musl"), stated(manifest, "system", "glibc")
    if "manylinux" in platform and "musllinux" not in platform and musl and not glibc:
        return f"glibc, and this system has musl {musl}"
    if "musllinux" in platform and "manylinux" not in platform and glibc and not musl:
        return f"musl, and this system has glibc {glibc}"
    return None


def _newer_glibc(platform: str, glibc: Any) -> str | None:
    found = [name for part in platform.split(".") if (name := MANYLINUX.fullmatch(part))]
    if not found or not isinstance(glibc, str) or not numbers(glibc):
        return None
    needed = [_needed(match[1]) for match in found]
    if any(need is None or numbers(need) <= numbers(glibc) for need in needed):
        return None
    return f"glibc {needed[0]} and newer, and this is {glibc}"


def _needed(tag: str) -> str | None:
    for row in table("manylinux")["rows"]:
        if tag in (row["tag"], row["alias"]):
            return str(row["glibc"])
    parts = tag.split("_")
    return f"{parts[1]}.{parts[2]}" if len(parts) == 3 else None
