"""What a plan says of the files that were resolved: how sure they are, and what to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from envsnap.image.records import Artifact, Decision
from envsnap.model.paths import text as path_text
from envsnap.wording import counted

if TYPE_CHECKING:
    from envsnap.image.records import Lock


def decisions(lock: Lock | None, edited: Mapping[str, str]) -> list[Decision]:
    """Say how sure the files are, and what to know of single ones.

    `edited` names distributions whose files are not what was installed, each with such a file.
    """
    if lock is None:
        return []
    named = lock.artifacts or lock.unhashed or lock.seeded
    found = [_lock_summary(lock, edited)] if named else []
    found += [
        Decision(
            subject=path_text(("packages", name)),
            choice="as it was published",
            why=f"{file} was edited or lost where it was captured, and the image has it unedited",
            certainty="unknown",
        )
        for name, file in sorted(edited.items())
        if name in lock.artifacts
    ]
    for name, artifact in sorted(lock.artifacts.items()):
        why = _to_know(artifact)
        if why:
            place = path_text(("packages", name))
            found.append(
                Decision(subject=place, choice=artifact.file, why=why, certainty="nearest")
            )
    found += [
        Decision(
            subject=path_text(("packages", name)),
            choice="the one that the distribution's venv brings",
            why="no index has this build: the distribution changed it",
            certainty="nearest",
        )
        for name in sorted(lock.seeded)
    ]
    found += [
        Decision(
            subject=path_text(("packages", name)), choice="no hash", why=why, certainty="unknown"
        )
        for name, why in sorted(lock.unhashed.items())
    ]
    return found


def _lock_summary(lock: Lock, edited: Mapping[str, str]) -> Decision:
    total = len(lock.artifacts) + len(lock.unhashed) + len(lock.seeded)
    same = sum(
        item.proof in ("record", "digest") and name not in edited
        for name, item in lock.artifacts.items()
    )
    return Decision(
        subject="packages",
        choice=f"{counted(len(lock.artifacts), 'file')} by hash",
        why=f"of {same} of {total} it is certain that this very file was installed (its RECORD)",
        certainty="exact" if same == total else "nearest",
    )


def _to_know(artifact: Artifact) -> str:
    known = {
        "source": "built from source in the image; what building needs is not pinned",
        "stand-in": "this wheel stands in for an editable install",
        "tags": "chosen by its tags: the manifest has no digest of RECORD to compare",
    }
    parts = [known.get(artifact.proof, "")]
    if artifact.yanked is not None:
        parts.append(f"its author withdrew it ({artifact.yanked})")
    return "; ".join(part for part in parts if part)
