"""The options by which a command takes only manifests that somebody known has signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.errors import InputError

Command = TypeVar("Command", bound=Callable[..., object])
SIGNATURES, SIGNERS = "envsnap.signatures", "envsnap.signers"


def options(command: Command) -> Command:
    """Add --signature and --allowed-signers; `inputs.document` asks for what they demand."""
    for option in (
        declared.option(
            "--signature",
            multiple=True,
            metavar="FILE",
            keeps=SIGNATURES,
            help="Signature of the manifest (default: MANIFEST.sig). Repeat it for each "
            "manifest, in order.",
        ),
        declared.option(
            "--allowed-signers",
            metavar="FILE",
            keeps=SIGNERS,
            help="Refuse the manifest unless a signer that this file lists signed it (see "
            "ALLOWED SIGNERS in man ssh-keygen).",
        ),
    ):
        command = option(command)
    return command


def demanded(path: str) -> Callable[[], None] | None:
    """Verify the signature of the next manifest, where one is demanded.

    Returns what checks, after reading, that the file is still the signed one.
    """
    signers, left = declared.kept.get(SIGNERS), declared.kept.get(SIGNATURES)
    if not isinstance(signers, str) or not signers:
        if left:
            raise InputError("--signature needs --allowed-signers FILE, which lists who may sign")
        return None
    if not isinstance(left, tuple):
        return None  # the manifests after those whose signatures were named
    from envsnap import api

    signer, sha256 = api.signed_by(path, signers, left[0] if left else None)
    declared.kept[SIGNATURES] = left[1:] or None
    from envsnap.report.sanitize import plain

    echo(f"envsnap: {plain(f'{path}: signed by {signer}')}", err=True)
    return api.unchanged(path, sha256)
