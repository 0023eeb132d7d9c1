"""What the commands that prove share: the limit, the words, the exit code."""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from envsnap.cli import declared, exit_styles, images, outputs

if TYPE_CHECKING:
    from envsnap.image.proving.proof import Proof

NOT_PROVEN = 5
MOST_SHOWN = 12

fail_on_option = declared.option(
    "--fail-on",
    type=declared.Choice(outputs.LEVELS),
    default="info",
    show_default=True,
    help="Which differences fail the proof: those of this severity or worse. info is every "
    "difference.",
)


def trial_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of a command that has to pass in the image, which takes `trial`."""

    @functools.wraps(command)
    def bundled(
        *, smoke: str | None, golden_run: str | None, smoke_network: bool, **rest: object
    ) -> int:
        from envsnap.api.trials import Trial

        words = _words(smoke)
        trial = None
        if words or golden_run:
            trial = Trial(command=words, golden=golden_run, network=smoke_network)
        return command(trial=trial, **rest)

    added: Callable[..., int] = bundled
    for option in (
        declared.option(
            "--smoke-network", is_flag=True, help="Let the smoke command use the network."
        ),
        declared.option(
            "--golden-run",
            metavar="FILE.esr",
            help="A golden recording. The smoke command is recorded in the image and must agree "
            "with it.",
        ),
        declared.option(
            "--smoke", metavar="COMMAND", help="Run this command in the image; it must exit with 0."
        ),
    ):
        added = option(added)
    return added


def _words(text: str | None) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text or ""))
    except ValueError as error:
        raise declared.UsageError(f"--smoke: {error}") from None


def finish(proof: Proof, folder: str | None) -> int:
    """Say the verdict, keep the proof beside the context, and return the exit code."""
    from envsnap.image.proving import proof as proofs
    from envsnap.image.writing.context import PROOF
    from envsnap.model.storage import write_atomically

    as_plugin = exit_styles.is_nagios()
    if not as_plugin:
        for line in proofs.lines(proof, MOST_SHOWN):
            images.say(line)
    if folder is not None:
        write_atomically(os.path.join(folder, PROOF), proofs.encode(proof), 0o644)
    code = 0 if proof.proven else NOT_PROVEN
    return exit_styles.of_proof(proof, code) if as_plugin else code
