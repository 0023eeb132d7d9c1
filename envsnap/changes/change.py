"""One raw difference between two manifests, and what a comparison found altogether."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from envsnap.model.paths import Path


class ChangeKind(StrEnum):
    """How a fact differs."""

    ADDED = "added"  # only the other side has it
    REMOVED = "removed"  # only the reference has it
    CHANGED = "changed"
    UNKNOWN = "unknown"  # one side could not tell


class Change(Struct, frozen=True, kw_only=True):
    """A fact that differs. A side without the fact has None, and `reason` for an unknown one."""

    path: Path
    kind: ChangeKind
    reference: Any = None
    other: Any = None
    reason: str | None = None

    @property
    def told(self) -> str:
        """Both sides in a sentence: without the fact a side is absent, an explicit null is none."""
        here = "absent" if self.kind is ChangeKind.ADDED else spelled(self.reference)
        there = "absent" if self.kind is ChangeKind.REMOVED else spelled(self.other)
        return f"{here} -> {there}"

    def mirrored(self) -> "Change":
        """The same difference seen from the other side."""
        kinds = {ChangeKind.ADDED: ChangeKind.REMOVED, ChangeKind.REMOVED: ChangeKind.ADDED}
        return Change(
            path=self.path,
            kind=kinds.get(self.kind, self.kind),
            reference=self.other,
            other=self.reference,
            reason=self.reason,
        )


class Difference(Struct, frozen=True, kw_only=True):
    """All changes between two manifests, and how much was compared.

    `compared` counts facts that both sides know, equal or not, `by_section` those of each; `not_compared` holds what
    neither side knows although it could have been known: path text and reason.
    """

    changes: tuple[Change, ...]
    compared: int
    not_compared: dict[str, str]
    by_section: dict[str, int] = {}


def spelled(value: Any) -> str:
    """A value as people write it: no name of Python's for null, true and false."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
