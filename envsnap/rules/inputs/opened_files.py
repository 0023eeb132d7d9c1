"""Runs opened other data, or ran other code."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change, ChangeKind
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

MOST_SINGLE = 5
DATA, CODE = "data", "code"
GROUPS = (DATA, CODE, "library", "system", "made")


class OpenedFiles(Rule):
    """Two runs opened other data files, or executed other code of the project.

    What a run was given is compared by name and SHA-256; files are named by their path relative to
    the working folder. The project's code is compared as a whole, by what was really imported.

    Fix: give both runs the same files, from the same commit.
    """

    id = "opened-files"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a file, or one for all where there are many, and one for the code."""
        files: dict[str, list[Change]] = {}
        for change in comparison.under("files"):
            if change.path[1] == "groups" and change.path[2:3] and change.path[2] in GROUPS:
                yield self._group(change)
            else:
                files.setdefault(change.path[1], []).append(change)
        if len(files) > MOST_SINGLE:
            yield self._many(files)
            return
        for name, found in files.items():
            yield self._file(name, found)

    def _file(self, name: str, found: list[Change]) -> Finding:
        first = found[0]
        told = {
            ChangeKind.ADDED: "only the other run opened it",
            ChangeKind.REMOVED: "the other run did not open it",
        }.get(first.kind if len(first.path) == 2 else ChangeKind.CHANGED, "another file")
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if told == "another file" else Severity.INFO,
            effect=Effect.NUMERICS if told == "another file" else Effect.BEHAVIOR,
            confidence=Confidence.LIKELY if told == "another file" else Confidence.POSSIBLE,
            path=first.path,
            message=f"data {name}: {told}",
            why="Other inputs give other results.",
            fix="Give both runs the same file, and compare its SHA-256.",
            changes=tuple(change.path for change in found),
        )

    def _many(self, files: dict[str, list[Change]]) -> Finding:
        names = ", ".join(sorted(files)[:3])
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.NUMERICS,
            confidence=Confidence.LIKELY,
            path=("files",),
            message=f"{len(files)} data files differ or were opened by one run only ({names} …)",
            why="Other inputs give other results.",
            fix="Give both runs the same files.",
            changes=tuple(change.path for found in files.values() for change in found),
        )

    def _group(self, change: Change) -> Finding:
        kind = change.path[2]
        matters = kind in (CODE, DATA)
        what = {CODE: "the project's code", DATA: "the data that is not listed"}.get(kind, kind)
        return Finding(
            rule=self.id,
            severity=Severity.WARNING if matters else Severity.INFO,
            effect=Effect.BEHAVIOR if matters else Effect.NONE,
            confidence=Confidence.LIKELY if matters else Confidence.POSSIBLE,
            path=change.path,
            message=f"the runs differ in {what}",
            why="Other code and other inputs give other results."
            if matters
            else "It is counted only.",
            fix="Check out the same commit on both sides, without local changes."
            if matters
            else "",
            changes=(change.path,),
        )


def _digest(value: object) -> object:
    return value.get("sha256") if isinstance(value, dict) else value
