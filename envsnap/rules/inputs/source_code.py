"""The code's commit differs."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import ChangeKind, spelled
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.inputs.shadowed_module import NOBODYS
from envsnap.rules.rule import Comparison, Rule


class SourceCode(Rule):
    """The repository around the captured folder is at another commit, or has local changes.

    Other code gives other results, whatever the environments are. A module that no distribution
    installed counts, too: one of other content on the two sides, or one that came with another
    `PYTHONPATH`.

    Fix: check out the same commit, and commit or drop local changes; copy the same modules.
    """

    id = "source-code"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding for the commit and one for local changes."""
        for key, what in (
            ("commit", "the code's commit:"),
            ("dirty", "the code has local changes:"),
        ):
            change = comparison.at("git", key)
            if change is None:
                continue
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.BEHAVIOR,
                confidence=Confidence.POSSIBLE,
                path=change.path,
                message=f"{what} {_shown(change.reference)} -> {_shown(change.other)}",
                why="Other code gives other results, whatever the environments are.",
                fix="Check out the same commit on both sides, without local changes.",
                changes=(change.path,),
            )
        yield from _loose(comparison)
        yield from _below(comparison)


def _loose(comparison: Comparison) -> Iterator[Finding]:
    """Modules beside the installed ones: their content, or that one side alone has them."""
    moved = comparison.at("env_vars", "PYTHONPATH")
    for change in list(comparison.under("python", "loose_modules")):
        if len(change.path) != 3:
            continue
        name, is_other = change.path[2], change.kind is ChangeKind.CHANGED
        serious = name not in NOBODYS and (is_other or moved is not None)
        where = {ChangeKind.ADDED: "on the other side only", ChangeKind.REMOVED: "in the reference only"}  # fmt: skip
        led = moved if moved is not None and serious and not is_other else None
        yield Finding(
            rule=SourceCode.id,
            severity=Severity.WARNING if serious else Severity.INFO,
            effect=Effect.BEHAVIOR if serious else Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=led.path if led else change.path,
            message=(
                f"the module {name}, which no distribution installed, "
                + ("has other content" if is_other else f"is {where[change.kind]}")
                + (", and PYTHONPATH is another" if led else "")
            ),
            why="Other code gives other results, whatever the environments are."
            if serious
            else "It matters if the program imports it.",
            fix="Copy the same module to both sides, or put it under version control."
            if is_other
            else "Set the same PYTHONPATH, or install the module on both sides.",
            changes=(*((led.path,) if led else ()), change.path),
        )


def _below(comparison: Comparison) -> Iterator[Finding]:
    """Whether the packages of the Python below the environment can be imported, too."""
    change = comparison.at("python", "system_site_packages")
    if change is None:
        return
    yield Finding(
        rule=SourceCode.id,
        severity=Severity.INFO,
        effect=Effect.BEHAVIOR,
        confidence=Confidence.POSSIBLE,
        path=change.path,
        message=f"system_site_packages: {_shown(change.reference)} -> {_shown(change.other)}",
        why="Where it is true, what the environment lacks is imported from the Python below it.",
        fix=f"Make the environment with include-system-site-packages = {_shown(change.reference)}.",
        source="https://docs.python.org/3/library/venv.html",
        changes=(change.path,),
    )


def _shown(value: object) -> str:
    return spelled(value)[:12]
