"""Environment variables differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.changes.change import Change, ChangeKind
from envsnap.knowledge import variables
from envsnap.knowledge.tables import is_trusted
from envsnap.model.manifest import Manifest
from envsnap.model.reading import packages, set_alone, stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule
from envsnap.wording import step

LONGEST = 100  # letters of a value in a message
UNKNOWN = "No rule knows what it does."
EFFECTS = {
    "numerics": "It can change numbers",
    "behavior": "It can change behaviour",
    "performance": "It changes speed",
    "security": "It bears on what may be run or read",
    "none": "It changes what is logged or built, not results",
}


class EnvVar(Rule):
    """An environment variable differs, or is set on one side only.

    What is known of each variable (whether it changes numbers, the choice of a library, or
    behaviour) is a table with sources. A variable without a row is reported without a judgement.

    Fix: set it to the same value, or unset it, on both sides.
    """

    id = "env-var"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a variable."""
        for change in list(comparison.under("env_vars")):
            if len(change.path) == 2:
                found = self._finding(change, variables.known(change.path[1]))
                if _is_own_folder(change, comparison):
                    yield _quiet(
                        found, "The two differ only in the folder of the environment itself."
                    )
                elif _is_spelled_otherwise(change):
                    yield _quiet(found, "The two mean the same to all who read it.")
                elif _is_of_one_encoding(change):
                    yield _quiet(found, "The text encoding is the same on both sides.")
                else:
                    yield found
        if not any(is_whole(side) for side in _sides(comparison)):
            yield from self._of_one_file(comparison)
        reference, other = _sides(comparison)
        yield from (
            replace(found, changes=())
            for found in unread(reference, other)
            if _is_of_installed(found.path[1], reference, other)
        )

    def _of_one_file(self, comparison: Comparison) -> Iterator[Finding]:
        """Variables that one of two files alone sets: what the other leaves out may be set elsewhere."""
        for change in comparison.difference.changes:
            if change.path[0] != "env_vars" or len(change.path) != 2:
                continue
            if change.kind is not ChangeKind.UNKNOWN:
                continue
            name, row = change.path[1], variables.known(change.path[1])
            if variables.only_tells(name):
                continue
            told = (stated(side, "env_vars", "others") or () for side in _sides(comparison))
            if any(name in names for names in told):
                continue  # it is set there, too; its value was not read
            if not isinstance(change.reference or change.other, str):
                continue
            found = self._finding(change, row)
            yield replace(
                found,
                confidence=Confidence.POSSIBLE,
                why=f"{found.why} Only one side states it.",
                fix=found.fix
                if change.reference is not None
                else f"Leave {name} out, or set it in both.",
                changes=(),
            )

    def _finding(self, change: Change, row: dict[str, Any] | None) -> Finding:
        name = change.path[1]
        effect = Effect(row["effect"]) if row else Effect.NONE
        known = row is not None and is_trusted(row["basis"])
        matters = variables.matters(name)
        does = (row or {}).get("does", "")
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters else Severity.INFO,
            effect=effect,
            confidence=Confidence.LIKELY if known and matters else Confidence.POSSIBLE,
            path=change.path,
            message=f"{name}: {_shown(change)}",
            why=_why(row, does, known),
            fix=_set_as_there(name, change.reference, (row or {}).get("caution", "")),
            changes=(change.path,),
        )


def _set_as_there(name: str, value: object, caution: str) -> str:
    """What makes a variable that of the reference; a path may be the reference's alone."""
    if value is None:
        return f"Unset {name}."
    told = f"Set {name}={value}"
    if str(value).startswith("/") and ":" not in str(value):
        told += ", if that path is there"
    return f"{told}; but {caution}." if caution else f"{told}."


def is_whole(manifest: Manifest) -> bool:
    """Whether a manifest states all variables: those that it does not name are not set."""
    section = manifest.sections.env_vars
    return section is not UNSET and bool(section.complete)


def _is_of_installed(name: str, *sides: Manifest) -> bool:
    """Whether a variable begins as those of a distribution do that is installed on a side."""
    return any(
        name.startswith(prefix)
        for side in sides
        for distribution in packages(side)
        for prefix in variables.prefixes(distribution)
    )


def unread(reference: Manifest, other: Manifest) -> Iterator[Finding]:
    """Variables that one side alone sets, and whose values were not read or are secrets.

    Every shell has some: they are no findings by themselves, and are told where a text speaks of them.
    """
    here, there = set_alone(reference, other)
    for names, shown, fix in (
        (here, ("set", "not set"), "Set it there, too."),
        (there, ("not set", "set"), "Try without it."),
    ):
        for name in sorted(names):
            yield Finding(
                rule=EnvVar.id,
                severity=Severity.INFO,
                effect=Effect.BEHAVIOR,
                confidence=Confidence.POSSIBLE,
                path=("env_vars", name),
                message=f"{name}: {step(*shown, LONGEST)} (its value was not recorded)",
                why=UNKNOWN,
                fix=fix,
                changes=(("env_vars", name),),
            )


def _sides(comparison: Comparison) -> tuple[Manifest, Manifest]:
    return comparison.reference, comparison.other


def _is_own_folder(change: Change, comparison: Comparison) -> bool:
    """Whether two PATHs differ only in where each side's own Python lies."""
    values = change.reference, change.other
    if change.path[1] != "PATH" or not all(isinstance(value, str) for value in values):
        return False
    one, other = (
        [
            "" if prefix and folder.rstrip("/").rpartition("/")[0] == prefix else folder
            for folder in str(value).split(":")
        ]
        for value, prefix in zip(
            values, (stated(side, "python", "prefix") for side in _sides(comparison)), strict=True
        )
    )
    return one == other


def _is_spelled_otherwise(change: Change) -> bool:
    return variables.mean_the_same(change.path[1], change.reference, change.other)


def _is_of_one_encoding(change: Change) -> bool:
    """Whether two locales have one encoding: programs read the same, and sort as the other sorts."""
    both = [str(value).lower().replace("-", "") for value in (change.reference, change.other)]
    return change.path[1] in variables.LOCALES and all(value.endswith(".utf8") for value in both)


def _quiet(found: Finding, why: str) -> Finding:
    return replace(found, severity=Severity.INFO, effect=Effect.NONE, why=why, fix="")


def _why(row: dict[str, Any] | None, does: str, known: bool) -> str:
    if row is None:
        return UNKNOWN
    what = EFFECTS[row["effect"]] + (f": {does}" if does else "")
    return f"{what}{'' if known else ' (unverified)'}."


def _shown(change: Change) -> str:
    one, other = (
        "not set" if value is None else repr(value) if value == "" else str(value)
        for value in (change.reference, change.other)
    )
    return step(one, other, LONGEST)
