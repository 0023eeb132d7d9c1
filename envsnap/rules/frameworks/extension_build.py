"""A compiled extension was built for another torch, C++ ABI or Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.python import Package
from envsnap.model.reading import frameworks, given, packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

# flash_attn-2.5.8+cu122torch2.3cxx11abiFALSE-cp310-...: the wheel's name states what it is for.
TORCH = re.compile(r"torch(\d+\.\d+)")
ABI = re.compile(r"cxx11abi(true|false)", re.IGNORECASE)


class ExtensionBuild(Rule):
    """An extension's wheel states another torch or C++ ABI than is installed.

    Wheels of flash-attn and others carry in their version or file name what they were built
    for: CUDA, torch minor release, C++ ABI. With another torch the import fails: "undefined
    symbol: _ZN3c10...". pip checks none of it.

    Fix: install the wheel for this torch and ABI, or build it here.
    """

    id = "extension-build"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Read what each wheel states, and compare it with torch."""
        torch = frameworks(manifest).get("torch")
        if torch is None or not isinstance(torch.version, str):
            return
        for name, package in packages(manifest).items():
            stated = _stated(package)
            match = TORCH.search(stated)
            if match and numbers(match[1])[:2] != numbers(torch.version)[:2]:
                yield self._finding(name, f"torch {match[1]}", f"torch {torch.version}")
            match = ABI.search(stated)
            if (
                match
                and isinstance(torch.cxx11_abi, bool)
                and (match[1].lower() == "true") != torch.cxx11_abi
            ):
                yield self._finding(
                    name,
                    f"C++11 ABI {match[1].lower()}",
                    f"{str(torch.cxx11_abi).lower()} in torch",
                )

    def _finding(self, name: str, built: str, here: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("packages", name, "version"),
            message=f"{name} was built for {built}, and here is {here}",
            why="It calls torch's C++ interfaces, whose symbols have other names there.",
            fix=f"Install the {name} that was built for this torch, or build it here.",
            source="Dao-AILab/flash-attention setup.py (names of its wheels)",
            expected=built,
            cites=(("frameworks", "torch", "version"),),
        )


def _stated(package: Package) -> str:
    """What the version's local label and the origin's file name say."""
    local = package.version.partition("+")[2] if isinstance(package.version, str) else ""
    origin = given(package.origin)
    url = None if origin is None else origin.url
    return f"{local} {url.rpartition('/')[2] if isinstance(url, str) else ''}"[:500]
