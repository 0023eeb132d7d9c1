"""What a rule is, and what it may look at."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change, ChangeKind, Difference
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
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

    What `inspect` says of the other manifest and not of the reference is in every comparison:
    the engine asks for `news`. The docstring is the rule's page (`envsnap explain ID`): the
    first line is the title.
    """

    id = ""
    in_order = False  # whether its findings are told in the order in which it yields them

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield what two manifests show together. The default says nothing."""
        return iter(())

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield what one manifest shows. The default says nothing."""
        return iter(())

    def news(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield what is found in the other manifest, and not as badly in the reference.

        What the reference suffers from as badly, at the same fact, cannot be what makes the
        other side fail, whatever the numbers.
        """
        told = list(self.inspect(comparison.other))
        if told:
            known = {_trouble(finding) for finding in self.inspect(comparison.reference)}
            yield from (finding for finding in told if _trouble(finding) not in known)

    def beside(self, comparison: Comparison, finding: Finding) -> Finding:
        """How news read beside the reference. The default changes nothing."""
        return finding


def _trouble(finding: Finding) -> tuple[Severity, Path, tuple[Path, ...]]:
    return finding.severity, finding.path, finding.cites
