"""What a rule is, and what it may look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.changes.change import Change, ChangeKind, Difference
from envsnap.model.compute import Framework, Gpu
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.python import Package
from envsnap.rules.finding import Finding, Severity


class Comparison:
    """Two manifests and what differs between them."""

    def __init__(self, reference: Manifest, other: Manifest, difference: Difference) -> None:
        self.reference, self.other, self.difference = reference, other, difference
        self._known = {
            change.path: change
            for change in difference.changes
            if change.kind is not ChangeKind.UNKNOWN
        }
        # Rules ask for one package of thousands: paths by their first key and by their first two.
        self._below: dict[Path, list[Path]] = {}
        for path in self._known:
            for start in {path[:1], path[:2]}:
                self._below.setdefault(start, []).append(path)

    def are_runs(self) -> bool:
        """Whether both sides describe a run: what one of them does not mention, it did not open."""
        return self.reference.target.kind == self.other.target.kind == "run"

    def at(self, *path: str) -> Change | None:
        """The change at exactly this path, unless one side is unknown."""
        return self._known.get(path)

    def under(self, *prefix: str) -> Iterator[Change]:
        """The changes at or below a path, in order, unless one side is unknown."""
        for path in self._below.get(prefix[:2], ()):
            if path[: len(prefix)] == prefix:
                yield self._known[path]


class Rule:
    """One piece of knowledge. A rule overrides `compare`, `inspect` or both.

    A rule that only inspects reports, of two manifests, what it says of the other one and not of
    the reference. Its docstring is its page (`envsnap explain ID`): the first line is the title.
    """

    id = ""

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield what two manifests show."""
        return new_on_the_right(self, comparison)

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield what one manifest shows. The default says nothing."""
        return iter(())


def frameworks(manifest: Manifest) -> dict[str, Framework]:
    """A manifest's frameworks by import name; none where they are not known."""
    section = manifest.sections.frameworks
    return {} if section is UNSET or section.entries is UNSET else section.entries


def gpus(manifest: Manifest) -> dict[str, Gpu]:
    """A manifest's GPUs by index; none where they are not known."""
    section = manifest.sections.gpus
    return {} if section is UNSET or section.entries is UNSET else section.entries


def packages(manifest: Manifest) -> dict[str, Package]:
    """A manifest's distributions by canonical name; none where they are not known."""
    section = manifest.sections.packages
    return {} if section is UNSET or section.entries is UNSET else section.entries


def new_on_the_right(rule: Rule, comparison: Comparison) -> Iterator[Finding]:
    """What a rule says of the other manifest alone, and does not say of the reference.

    What the reference suffers from as badly, at the same fact, cannot be what makes the other
    side fail, whatever the numbers. Where the fact itself differs, the finding is the primary
    one for that change.
    """
    known = {_trouble(finding) for finding in rule.inspect(comparison.reference)}
    for finding in rule.inspect(comparison.other):
        if _trouble(finding) in known:
            continue
        change = comparison.at(*finding.path)
        if change is None:
            yield finding
        else:
            reference = change.reference if finding.reference is None else finding.reference
            yield replace(finding, reference=reference, changes=(finding.path,))


def _trouble(finding: Finding) -> tuple[Severity, Path, tuple[Path, ...]]:
    return finding.severity, finding.path, finding.cites


def version(manifest: Manifest, distribution: str) -> str | None:
    """The installed version of a distribution; None where it is absent or not known."""
    package = packages(manifest).get(distribution)
    return package.version if package is not None and isinstance(package.version, str) else None


def variable(manifest: Manifest, name: str) -> str | None:
    """The value of an environment variable; None where it is not set or not known."""
    section = manifest.sections.env_vars
    if section is UNSET or section.entries is UNSET:
        return None
    return section.entries.get(name)


def fact(manifest: Manifest, section: str, field: str) -> Any:
    """A field of a section; None where it is null or not known."""
    found = getattr(manifest.sections, section)
    value = UNSET if found is UNSET else getattr(found, field)
    return None if value is UNSET else value
