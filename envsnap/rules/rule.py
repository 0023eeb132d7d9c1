"""What a rule is, and what it may look at."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.diff.change import Change, ChangeKind, Difference
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
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


def paths(changes: list[Change]) -> tuple[Path, ...]:
    """The paths of some changes."""
    return tuple(change.path for change in changes)
