"""What is asked for is not what is there, or not what another file asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from envsnap.changes.change import Change, ChangeKind
from envsnap.changes.requests import ARCHIVES, choices
from envsnap.knowledge import releases
from envsnap.knowledge.roles import role
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.paths import Path
from envsnap.model.reading import entries
from envsnap.model.wanted import Requirement
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

FAR = (Distance.MAJOR, Distance.MINOR, Distance.OTHER)
LONGEST_COMMIT = 40
INSTALLERS = ("pip", "setuptools", "wheel")  # whoever makes an environment brings their own


class Wanted(Rule):
    """A lock or a requirements file asks for something other than what is installed.

    A requirements file or a lock on one side is compared with what is installed on the other: each
    line whose marker holds on that platform and Python. A range is checked, never read as a
    version; what only an extra or a group asks for may be missing. A line that is not met is a
    warning, whatever the distribution is for: a gate has to see it. Two such files are compared by
    what they ask for on the platforms that both are for, so that another spelling of a marker is no
    difference.

    Fix: install from the file, or write the file anew from the environment that works.
    """

    id = "wanted"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a distribution, and one for Python."""
        reference, other = (
            bool(entries(side, "wanted")) for side in (comparison.reference, comparison.other)
        )
        for change in comparison.under("wanted"):
            if change.path[1] == "requires_python":
                yield self._python(change, files=reference and other)
            elif reference and other:
                yield _softened(self._files(change), comparison)
            else:
                yield self._installed(change, asked_by_reference=reference)

    def _python(self, change: Change, *, files: bool) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.INFO if files else Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"Python {change.told}"
            if files
            else f"Python {_range(change)} is asked for, and {_have(change)} is there",
            why="Packages are resolved for the Pythons that a file is for, and may not run on "
            "others.",
            fix="" if files else "Use a Python inside the range.",
            changes=(change.path,),
            cites=() if files else (("python", "version"),),
        )

    def _installed(self, change: Change, *, asked_by_reference: bool) -> Finding:
        name = change.path[1]
        asked, have = (
            (change.reference, change.other)
            if asked_by_reference
            else (change.other, change.reference)
        )
        missing = have is None
        effect = (_missing(name) if missing else _weigh(name, asked, have))[1]
        same_release = not missing and distance(asked, have) is Distance.BUILD
        severity = Severity.INFO if name in INSTALLERS or same_release else Severity.WARNING
        wanted = _pinned(name, asked)
        return Finding(
            rule=self.id,
            severity=severity,
            effect=effect,
            confidence=Confidence.LIKELY
            if missing and severity is not Severity.INFO
            else Confidence.POSSIBLE,
            path=change.path,
            message=f"{wanted} is asked for, and "
            f"{'it is not installed' if missing else f'{have} is installed'}",
            why="Code that imports it fails, or takes another path."
            if missing
            else "The environment is not what the file describes.",
            fix=f"Install {wanted}." if asked_by_reference else _either(name, wanted, have),
            changes=(change.path,),
            cites=_installed_path(name, missing=missing),
        )

    def _files(self, change: Change) -> Finding:
        name = change.path[1]
        if change.path[2:] == ("extras",):
            return self._extras(change)
        severity, effect = Severity.INFO, Effect.BEHAVIOR
        known: list[dict[str, Any]] = []
        if change.kind is ChangeKind.CHANGED:
            severity, effect = _weigh(name, change.reference, change.other)
            message = f"{name} {change.told}"
            known = releases.between(name, change.reference, change.other)
        elif change.kind is ChangeKind.REMOVED:
            severity, effect = _missing(name)
            message = f"{_pinned(name, change.reference)} is not asked for by the other side"
        else:
            message = f"{_pinned(name, change.other)} is asked for by the other side only"
        return Finding(
            rule=self.id,
            severity=severity,
            effect=effect,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=message,
            why=f"Since {known[0]['from']}: {releases.told(known[0])}."
            if known
            else "Environments that are made from the two files differ in it.",
            source=releases.source(known[0]) if known else "",
            fix=f"Ask for {_pinned(name, change.reference)}." if change.reference else "",
            changes=(change.path,),
        )

    def _extras(self, change: Change) -> Finding:
        name = change.path[1]
        fewer = change.other == "[]"
        asked = "" if change.reference == "[]" else change.reference
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if fewer else Severity.INFO,
            effect=Effect.CRASH if fewer else Effect.BEHAVIOR,
            confidence=Confidence.POSSIBLE,
            path=change.path,
            message=f"{name}: extras {change.told}",
            why="What an extra brings along is installed from one of both files only.",
            fix=f"Ask for {name}{asked}.",
            changes=(change.path,),
        )


def _softened(finding: Finding, comparison: Comparison) -> Finding:
    """What is conda's alone, and nobody knows, is a library below the ones that were asked for."""
    name = finding.path[1]
    found = [entries(side, "wanted").get(name) for side in (comparison.reference, comparison.other)]
    conda = all(_is_condas(item) for item in found if item is not None)
    if not conda or role(name) != "unknown":
        return finding
    return replace(finding, severity=Severity.INFO, effect=Effect.BEHAVIOR)


def _is_condas(requirement: Requirement) -> bool:
    return all(choice.manager == "conda" for choice in choices(requirement))


def _either(name: str, wanted: str, have: object) -> str:
    """Both ways out where the reference is installed and the other side asks."""
    ask = f"Ask for {name}=={have}" if have is not None else f"Leave {name} out"
    return f"{ask}, or install {wanted}."


def _installed_path(name: str, *, missing: bool) -> tuple[Path, ...]:
    return (("packages", name),) if missing else (("packages", name, "version"),)


def _range(change: Change) -> object:
    return change.reference if _is_range(change.reference) else change.other


def _have(change: Change) -> object:
    return change.other if _is_range(change.reference) else change.reference


def _is_range(value: object) -> bool:
    return isinstance(value, str) and value[:1] in "<>=!~^"


def _pinned(name: str, asked: object) -> str:
    if asked is None or asked == "any version":
        return name
    text = str(asked)
    if len(text) == LONGEST_COMMIT and text.isalnum():
        return f"{name} at commit {text[:12]}"
    if text.startswith("@"):
        return f"{name} at {text[1:]}"
    if text.endswith(ARCHIVES):
        return f"{name} from {text}"
    return f"{name}{text}" if text[:1] in "<>=!~" else f"{name}=={text}"


def _missing(name: str) -> tuple[Severity, Effect]:
    if role(name) == "tooling":
        return Severity.INFO, Effect.BEHAVIOR
    return Severity.WARNING, Effect.CRASH


def _weigh(name: str, asked: object, have: object) -> tuple[Severity, Effect]:
    """As for two installed versions; outside a range is outside what was resolved and tested."""
    what = role(name)
    if _is_range(asked):
        return (Severity.INFO if what == "tooling" else Severity.WARNING), Effect.BEHAVIOR
    how_far = distance(asked, have)
    if what == "numerics":
        return (Severity.WARNING if how_far in FAR else Severity.INFO), Effect.NUMERICS
    if what in ("runtime", "unknown") and how_far is Distance.MAJOR:
        return Severity.WARNING, Effect.BEHAVIOR
    return Severity.INFO, Effect.NONE if what == "tooling" else Effect.BEHAVIOR
