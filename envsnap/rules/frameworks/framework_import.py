"""Importing a framework fails."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, gap
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

NOT_A_FAILURE = ("not asked", "timeout")


class FrameworkImport(Rule):
    """A framework that is installed cannot be imported.

    The capture tried the import in its own process. A failure there is a failure in every program:
    a shared library is missing, was built for another processor, or belongs to another release. The
    error text names it.

    Fix: install the build that matches this machine, or the library that the text names.
    """

    id = "framework-import"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Report each framework whose import raised or crashed."""
        for name, framework in frameworks(manifest).items():
            if framework.imported is not False:
                continue
            reason = gap(manifest, ("frameworks", name)) or ""
            if reason.startswith(NOT_A_FAILURE):
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.ERROR,
                effect=Effect.CRASH,
                confidence=Confidence.CERTAIN,
                path=("frameworks", name, "imported"),
                message=f"import {name} fails",
                why=reason.partition(": ")[2] or "The import ended without an error text.",
                fix=f"Reinstall {name} for this machine, or install the library that the text "
                f"names.",
            )
