"""What a rule is, and what it may look at."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.diff.change import Change, ChangeKind, Difference
from envsnap.model.compute import Framework, Gpu
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.python import Package
from envsnap.rules.finding import Finding


class Comparison:
    """Two manifests and what differs between them."""

    def __init__(self, left: Manifest, right: Manifest, difference: Difference) -> None:
        self.left, self.right, self.difference = left, right, difference
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

    Its docstring is its page (`envsnap explain ID`): the first line is the title.
    """

    id = ""

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield what two manifests show. The default says nothing."""
        return iter(())

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

    Where the fact itself differs, the finding is the primary one for that change.
    """
    known = {finding.message for finding in rule.inspect(comparison.left)}
    for finding in rule.inspect(comparison.right):
        if finding.message in known:
            continue
        change = comparison.at(*finding.path)
        if change is None:
            yield finding
        else:
            left = change.left if finding.left is None else finding.left
            yield replace(finding, left=left, changes=(finding.path,))
