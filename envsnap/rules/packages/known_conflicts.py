"""Two distributions whose releases do not go together."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge.tables import is_trusted, source, table
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import version
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Rule


class KnownConflicts(Rule):
    """A release is installed together with one that it was not written for.

    Some distributions do not cap what they require. An install today then takes a major release
    that did not exist when they were written. vLLM up to 0.10.2 takes transformers 5. onnx up to
    1.11 takes a protobuf that refuses its generated code.

    Fix: install the older release of the other distribution, and lock it.
    """

    id = "known-conflicts"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold the table against what is installed."""
        for row in table("known_conflicts")["rows"]:
            mine = version(manifest, row["distribution"])
            second = version(manifest, row["other"])
            if mine is None or second is None or not numbers(mine):
                continue
            last = numbers(row["last"])
            if numbers(mine)[: len(last)] > last or numbers(second) < numbers(row["first"]):
                continue
            sure = is_trusted(row["basis"])
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR if sure else Severity.WARNING,
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
                path=("packages", row["other"], "version"),
                message=f"{row['distribution']} {mine} and {row['other']} {second}"
                + (" do not go together" if sure else " may not go together (unverified)"),
                why=f"{row['what']}.",
                fix=f"Install {row['other']}<{row['first']}, or a newer {row['distribution']}.",
                remedy=Remedy(install=(f"{row['other']}<{row['first']}",)),
                source=source("known_conflicts", row["source"]),
                cites=(("packages", row["distribution"]),),
            )
