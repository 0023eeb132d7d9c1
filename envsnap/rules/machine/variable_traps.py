"""A variable's value is known to fail with what is beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import fact, gpus, packages, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Remedy, Severity
from envsnap.rules.rule import Rule


class VariableTraps(Rule):
    """A variable's value does not work with what is installed.

    Some settings help one program and stop another: expandable segments of torch's allocator save
    memory, and memory of that kind cannot be shared between processes, which vLLM's all-reduce
    does. The table names the variable, its value and what must be installed.

    Fix: what the finding says; mostly, unset the variable for this program.
    """

    id = "variable-traps"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield one finding a trap."""
        for row in table("variable_traps")["rows"]:
            value = variable(manifest, row["variable"])
            if value is not None and re.search(row["pattern"], value) and _is_there(row, manifest):
                yield self._finding(row, are_seen=len(gpus(manifest)) >= row["gpus"])

    def _finding(self, row: dict[str, Any], *, are_seen: bool) -> Finding:
        sure = is_trusted(row["basis"])
        where = "" if are_seen else f", where it runs on {row['gpus']} GPUs or more"
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if sure else Severity.INFO,
            effect=Effect(row["effect"]),
            confidence=Confidence.LIKELY if sure and are_seen else Confidence.POSSIBLE,
            path=("env_vars", row["variable"]),
            message=f"{row['variable']}: {row['says']}{where}" + ("" if sure else " (unverified)"),
            why=f"With {row['package']}, this value is known to fail."
            if row["effect"] == "crash"
            else f"With {row['package']}, this value costs time.",
            fix=row["fix"],
            remedy=Remedy(unset=(row["variable"],)) if row.get("unset") else None,
            source=table("variable_traps")["sources"][row["source"]] if sure else "",
            cites=(("packages", row["package"]),),
        )


def _is_there(row: dict[str, Any], manifest: Manifest) -> bool:
    """Whether the package is installed, and as many GPUs as it takes; where none are stated, there may be."""
    is_known = fact(manifest, ("gpus",)).is_there or row["effect"] != "crash"
    return row["package"] in packages(manifest) and (
        not is_known or len(gpus(manifest)) >= row["gpus"]
    )
