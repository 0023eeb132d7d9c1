"""A process runs files that were replaced on the disk."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule
from envsnap.wording import few


class ReplacedFiles(Rule):
    """A running process has mapped libraries that are no longer on the disk.

    Packages were installed or removed after it started. It computes with the old files until it is
    restarted, while everything that reads the disk, including this capture's package list, shows
    the new ones.

    Fix: restart the process, then capture again.
    """

    id = "replaced-files"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        replaced = stated(manifest, "process", "replaced_files")
        if replaced is None:
            return
        names = [path.rsplit("/", 1)[-1] for path in replaced]
        yield Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.BEHAVIOR,
            confidence=Confidence.CERTAIN,
            path=("process", "replaced_files"),
            message=f"the process runs files that were replaced since: {few(names, 2)}",
            why="It computes with the old files; the versions listed here are those on the disk.",
            fix="Restart the process, then capture again.",
        )
