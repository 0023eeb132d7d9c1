"""A package was built for NumPy 1, and NumPy 2 is installed."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule, version
from envsnap.rules.versions import numbers


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
        for row in table("numpy_abi")["rows"]:
            installed = version(manifest, row["distribution"])
            if (
                installed is None
                or not numbers(installed)
                or numbers(installed) >= numbers(row["first"])
            ):
                continue
            sure = is_trusted(row["confidence"])
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR if sure else Severity.WARNING,
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
                path=("packages", "numpy", "version"),
                message=f"{row['distribution']} {installed} was built for NumPy 1, and {numpy} is installed"
                + ("" if sure else " (unverified)"),
                why=f"{row['distribution']} runs with NumPy 2 from {row['first']} on.",
                fix=f"Install numpy<2, or {row['distribution']}>={row['first']}.",
                reference=row["source"],
                left=f"{row['distribution']} {installed}",
                right=numpy,
                cites=(("packages", row["distribution"]),),
            )
