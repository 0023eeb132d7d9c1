"""The files of a W&B run: its metadata, and the requirements that it froze."""

from __future__ import annotations

from envsnap.intake.formats import pip_freeze, requirement_lines, wandb_metadata
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.folder import Folder
from envsnap.intake.formats.source import Source

LARGEST = 8 << 20
METADATA, FROZEN = "wandb-metadata.json", "requirements.txt"


def recognise(folder: Folder) -> bool:
    """The metadata, in this folder or in its `files`."""
    return _place(folder) is not None


def _place(folder: Folder) -> str | None:
    return next((start for start in ("", "files/") if start + METADATA in folder.sizes), None)


def read(folder: Folder) -> Draft:
    """Python, the host, and what was installed."""
    draft = Draft("the files of a W&B run", "installed")
    place = _place(folder) or ""
    metadata = Source(folder.bytes(place + METADATA, LARGEST) or b"", METADATA)
    if wandb_metadata.recognise(metadata):
        wandb_metadata.add(draft, metadata.json)
    frozen = folder.bytes(place + FROZEN, LARGEST)
    if frozen is not None:
        for line in requirement_lines.parse(Source(frozen, FROZEN).lines):
            if line.name and pip_freeze.is_pin(line):
                pip_freeze.add(draft, line)
        draft.complete("packages", names_only=True)
    return draft
