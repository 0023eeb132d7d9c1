"""One fact that a proof tells of: what was captured, and what is inside."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from envsnap.changes.change import ChangeKind


class Fact(Struct, frozen=True, kw_only=True):
    """A fact that is not the same inside."""

    path: Annotated[str, Meta(description="Manifest path.")]
    kind: Annotated[ChangeKind, Meta(description="added, removed, changed or unknown (inside).")]
    captured: Annotated[Any, Meta(description="What the manifest states; null for nothing.")]
    inside: Annotated[Any, Meta(description="What was found inside; null for nothing.")]
    reason: Annotated[
        str | None, Meta(description="Why it is unknown, or why it was said beforehand.")
    ] = None
