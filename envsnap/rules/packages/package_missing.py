"""Packages are installed on one side only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.changes.change import Change, ChangeKind
from envsnap.knowledge.requirements import named
from envsnap.knowledge.roles import role
from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.model.reading import given, packages, version
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

OTHER_CODE = ("pillow-simd",)  # not a build of the same code

# Facts of the section as a whole; no canonical name has an underscore.
FIELDS = ("claimed_twice",)


class PackageMissing(Rule):
    """A distribution is installed on one side only.

    If it is missing where the program runs, the import fails, or a library silently takes another
    path (another image decoder, a slower tokenizer, attention without flash-attn). A distribution
    that only the other side has can switch such a path on.

    Fix: install the same distributions; `envsnap dockerfile` pins all of them.
    """

    id = "package-missing"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution."""
        changes = [
            change
            for change in comparison.under("packages")
            if len(change.path) == 2 and change.path[1] not in FIELDS
        ]
        added = {change.path[1] for change in changes if change.kind is ChangeKind.ADDED}
        is_any_gone = any(change.kind is ChangeKind.REMOVED for change in changes)
        here, there = (
            required_by(side) if is_any_gone else {}
            for side in (comparison.reference, comparison.other)
        )
        for change in changes:
            asked = here.get(change.path[1], []) if change.path[1] not in there else []
            yield (
                self._replaced(comparison, change, added)
                or self._followed(comparison, change, asked)
                or self._finding(change)
            )

    def _followed(self, comparison: Comparison, change: Change, asked: list[str]) -> Finding | None:
        """What only packages required that moved: it came with them.

        `asked` are those of the reference, if nothing on the other side requires it any more.
        """
        name = change.path[1]
        have_moved = all(
            comparison.at("packages", item, "version") or comparison.at("packages", item)
            for item in asked
        )
        if change.kind is not ChangeKind.REMOVED or not asked or not have_moved:
            return None
        first = comparison.at("packages", asked[0], "version")
        told = f"{asked[0]} {first.other} does not" if first else f"{asked[0]} is gone, too"
        return Finding(
            rule=self.id,
            severity=Severity.INFO,
            effect=Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{name} {_version(change.reference)} is missing on the other side",
            why=f"The reference's {asked[0]} requires it; {told}.",
            fix=f"Install {name}=={_version(change.reference)}, if your own code imports it.",
            changes=(change.path,),
        )

    def _replaced(self, comparison: Comparison, change: Change, added: set[str]) -> Finding | None:
        """The same import package from another distribution: nothing is missing."""
        name = change.path[1]
        twin = next((item for item in alternatives(name) if item in added), None)
        if change.kind is not ChangeKind.REMOVED or twin is None:
            return None
        if is_for_gpus(name) is not is_for_gpus(twin):
            return self._other_variant(comparison, change, twin)
        numeric = name in OTHER_CODE or twin in OTHER_CODE
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if numeric else Severity.INFO,
            effect=Effect.NUMERICS if numeric else Effect.NONE,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=_exchanged(comparison, change, twin),
            why=(
                "It is another implementation under the same name; results may differ."
                if numeric
                else "It provides the same import package."
            ),
            fix=f"Install {name}=={_version(change.reference)}.",
            changes=(change.path, ("packages", twin)),
        )

    def _other_variant(self, comparison: Comparison, change: Change, twin: str) -> Finding:
        """The variant without GPU kernels in the place of the one with them, or the reverse."""
        name, lost = change.path[1], is_for_gpus(change.path[1])
        return Finding(
            rule=self.id,
            severity=Severity.ERROR if lost else Severity.WARNING,
            effect=Effect.BEHAVIOR if lost else Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=change.path,
            message=_exchanged(comparison, change, twin)
            + (": the variant without GPU kernels" if lost else ": the variant for GPUs"),
            why=(
                "It runs on the CPU what the reference runs on a GPU, or fails where a GPU is asked for."
                if lost
                else "It can run on a GPU what the reference runs on the CPU: other kernels, other sums."
            ),
            fix=f"Uninstall {twin}, then install {name}=={_version(change.reference)}.",
            changes=(change.path, ("packages", twin)),
        )

    def _finding(self, change: Change) -> Finding:
        name = change.path[1]
        gone = change.kind is ChangeKind.REMOVED
        what = role(name)
        reference, other = _version(change.reference), _version(change.other)
        return Finding(
            rule=self.id,
            severity=_severity(what, gone),
            effect=Effect.CRASH if gone and what != "tooling" else Effect.BEHAVIOR,
            confidence=Confidence.LIKELY if gone and what != "tooling" else Confidence.POSSIBLE,
            path=change.path,
            message=(
                f"{name} {reference} is missing on the other side"
                if gone
                else f"{name} {other} is installed on the other side only"
            ),
            why=(
                "Code that imports it fails, or takes another path."
                if gone
                else "It can switch on another path in libraries that look for it."
            ),
            fix=f"Install {name}=={reference}."
            if gone
            else f"Uninstall {name} if the reference works without it.",
            changes=(change.path,),
        )


def required_by(manifest: Manifest) -> dict[str, list[str]]:
    """The installed distributions that require each one, extras aside."""
    found: dict[str, list[str]] = {}
    for name, package in packages(manifest).items():
        lines = [line for line in given(package.requires) or () if "extra ==" not in line]
        for wanted in dict.fromkeys(named(lines)):
            found.setdefault(wanted, []).append(name)
    return found


def alternatives(name: str) -> list[str]:
    """Distributions that provide the same import package."""
    return [
        twin
        for row in table("competing_distributions")["rows"]
        if name in row["distributions"]
        for twin in row["distributions"]
        if twin != name
    ]


GPU_VARIANT = re.compile(r"-(?:gpu|cuda|rocm|directml)(?:-cu\d+)?$|-cu1\d$")
# What has GPU kernels under its plain name; a variant without them is called -cpu.
WHOLE = ("tensorflow", "tf-nightly")


def is_for_gpus(name: str) -> bool:
    """Whether a distribution is the variant with GPU kernels, of those that come in two."""
    return name in WHOLE or GPU_VARIANT.search(name) is not None


def _exchanged(comparison: Comparison, change: Change, twin: str) -> str:
    """One distribution and the one in its place, each with its version."""
    there = version(comparison.other, twin) or ""
    return f"{change.path[1]} {_version(change.reference)} -> {twin} {there}".rstrip()


def _severity(what: str, gone: bool) -> Severity:
    return Severity.WARNING if gone and what in ("numerics", "runtime") else Severity.INFO


def _version(value: object) -> object:
    return value.get("version") if isinstance(value, dict) else None
