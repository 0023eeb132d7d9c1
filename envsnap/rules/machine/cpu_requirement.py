"""The CPU lacks instructions that an installed wheel needs."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule


class CpuRequirement(Rule):
    """The CPU lacks an instruction set that an installed wheel cannot do without.

    Wheels built with AVX or AVX2 end with "Illegal instruction" on a CPU, or a virtual machine's
    CPU model, that does not offer it.

    Fix: run on a newer CPU (or CPU model), or install a build for this one.
    """

    id = "cpu-requirement"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table against the CPU's flags."""
        flags = stated(manifest, "system", "cpu_flags")
        architecture = stated(manifest, "system", "architecture")
        if not flags or architecture not in (None, "x86_64", "AMD64"):
            return
        for row in table("cpu_requirements")["rows"]:
            installed = version(manifest, row["distribution"])
            if (
                installed
                and numbers(installed) >= numbers(row["first"])
                and row["flag"] not in flags
            ):
                sure = is_trusted(row["basis"])
                yield Finding(
                    rule=self.id,
                    severity=Severity.ERROR if sure else Severity.WARNING,
                    effect=Effect.CRASH,
                    confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
                    path=("system", "cpu_flags"),
                    message=f"{row['distribution']} {installed} needs {row['flag']}, which this CPU does not have"
                    + ("" if sure else " (unverified)"),
                    why="Its wheels are built with it; the first call ends with an illegal instruction.",
                    fix="Run on a newer CPU, or install a build for this one.",
                    source=source("cpu_requirements", row["source"]),
                    expected=row["flag"],
                    cites=(("packages", row["distribution"]),),
                )
