"""The options by which a command takes only manifests that somebody known has signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.errors import InputError

Command = TypeVar("Command", bound=Callable[..., object])
SIGNATURES, SIGNERS = "envsnap.signatures", "envsnap.signers"
ALL_VERIFIED = "all that were named"


def options(command: Command) -> Command:
    """Add --signature and --allowed-signers; `inputs.document` asks for what they demand."""
    for option in (
        declared.option(
            "--signature",
            multiple=True,
            metavar="FILE",
            keeps=SIGNATURES,
            help="Signature of the manifest (default: MANIFEST.sig beside each one). Repeat it "
            "for each manifest, in order; only those are verified then.",
        ),
        declared.option(
            "--allowed-signers",
            metavar="FILE",
            keeps=SIGNERS,
            help="Refuse each manifest unless a signer that this file lists signed it (see "
            "ALLOWED SIGNERS in man ssh-keygen).",
        ),
    ):
        command = option(command)
    return command


def require_used() -> None:
    """Refuse signatures that no manifest was read for: nothing was verified by them."""
    left = declared.kept.get(SIGNATURES)
    if declared.kept.get(SIGNERS) and isinstance(left, tuple) and left:
        raise InputError(f"--signature {left[0]}: there are more signatures than manifests")


def demanded(path: str) -> Callable[[], None] | None:
    """Verify the signature of the next manifest, where one is demanded.

    Without --signature each manifest has its own beside it. With it, those are verified whose
    signatures are named, and of the others it is said that nobody asked. Returns what checks,
    after reading, that the file is still the signed one.
    """
    signers, left = declared.kept.get(SIGNERS), declared.kept.get(SIGNATURES)
    if not isinstance(signers, str) or not signers:
        if left:
            raise InputError("--signature needs --allowed-signers FILE, which lists who may sign")
        return None
    from envsnap import api
    from envsnap.report.sanitize import plain

    named = left if isinstance(left, tuple) and left else ()
    if left is ALL_VERIFIED:
        echo(f"envsnap: {plain(f'{path}: its signature was not asked for')}", err=True)
        return None
    signer, sha256 = api.signed_by(path, signers, named[0] if named else None)
    if named:
        declared.kept[SIGNATURES] = named[1:] or ALL_VERIFIED
    echo(f"envsnap: {plain(f'{path}: signed by {signer}')}", err=True)
    return api.unchanged(path, sha256)
