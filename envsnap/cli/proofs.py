"""What the commands that prove share: the limit, the words, the exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from envsnap.cli import images, outputs

if TYPE_CHECKING:
    from envsnap.image.proving.proof import Proof

NOT_PROVEN = 5
MOST_SHOWN = 12

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(outputs.LEVELS),
    default="info",
    show_default=True,
    help="Which differences fail the proof: info is every one.",
)


def finish(proof: Proof, folder: str | None) -> int:
    """Say the verdict, keep the proof beside the context, and return the exit code."""
    from envsnap.image.proving import proof as proofs
    from envsnap.image.writing.context import PROOF
    from envsnap.model.storage import write_atomically

    for line in proofs.lines(proof, MOST_SHOWN):
        images.say(line)
    if folder is not None:
        write_atomically(os.path.join(folder, PROOF), proofs.encode(proof), 0o644)
    return 0 if proof.proven else NOT_PROVEN
