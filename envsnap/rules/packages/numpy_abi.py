"""A package was built for NumPy 1, and NumPy 2 is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import version
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Rule
from envsnap.wording import few


class NumpyAbi(Rule):
    """A compiled package is too old for the installed NumPy 2.

    Extensions built for NumPy 1 fail with NumPy 2: "A module that was compiled using NumPy 1.x
    cannot be run in NumPy 2", "_ARRAY_API not found", "numpy.dtype size changed". Many such
    packages do not cap numpy, so that pip installs both.

    Fix: install numpy<2, or a release of the package that knows NumPy 2.
    """

    id = "numpy-abi"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table of first releases against what is installed."""
        numpy = version(manifest, "numpy")
        if numpy is None or not numbers(numpy) or numbers(numpy)[0] < 2:
            return
        old = [
            (row, installed)
            for row in table("numpy_abi")["rows"]
            if (installed := version(manifest, row["distribution"]))
            and numbers(installed)
            and numbers(installed) < numbers(row["first"])
        ]
        for sure in (True, False):
            found = [item for item in old if is_trusted(item[0]["basis"]) is sure]
            if found:
                yield self._finding(found, numpy, sure=sure)

    def _finding(
        self, found: list[tuple[dict[str, Any], str]], numpy: str, *, sure: bool
    ) -> Finding:
        named = few([f"{row['distribution']} {installed}" for row, installed in found], 4)
        first = found[0][0]
        return Finding(
            rule=self.id,
            severity=Severity.ERROR if sure else Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
            path=("packages", "numpy", "version"),
            message=f"built for NumPy 1, and {numpy} is installed: {named}"
            + ("" if sure else " (unverified)"),
            why=f"{first['distribution']} runs with NumPy 2 from {first['first']} on.",
            fix=f"Install numpy<2, or {first['distribution']}>={first['first']}.",
            remedy=Remedy(install=("numpy<2",)),
            source=source("numpy_abi", first["source"]),
            cites=tuple(("packages", row["distribution"]) for row, _ in found),
        )
