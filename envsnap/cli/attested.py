"""The options by which a command takes only manifests that somebody known has signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from envsnap.errors import InputError

Command = TypeVar("Command", bound=Callable[..., object])
SIGNATURES, SIGNERS = "envsnap.signatures", "envsnap.signers"


def _kept(context: click.Context, parameter: click.Parameter, value: object) -> object:
    context.meta[SIGNERS if parameter.name == "allowed_signers" else SIGNATURES] = value
    return value


def options(command: Command) -> Command:
    """Add --signature and --allowed-signers; `inputs.document` asks for what they demand."""
    for option in (
        click.option(
            "--signature",
            multiple=True,
            metavar="FILE",
            expose_value=False,
            callback=_kept,
            help="Signature of the manifest (default: MANIFEST.sig). Repeat it for each "
            "manifest, in order.",
        ),
        click.option(
            "--allowed-signers",
            metavar="FILE",
            expose_value=False,
            callback=_kept,
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
    context = click.get_current_context(silent=True)
    signers = None if context is None else context.meta.get(SIGNERS)
    if context is None or not signers:
        if context is not None and context.meta.get(SIGNATURES):
            raise InputError("--signature needs --allowed-signers FILE, which lists who may sign")
        return None
    left = context.meta.get(SIGNATURES)
    if left is None:
        return None  # the manifests after those whose signatures were named
    from envsnap import api

    signer, sha256 = api.signed_by(path, signers, left[0] if left else None)
    context.meta[SIGNATURES] = left[1:] or None
    from envsnap.report.sanitize import plain

    click.echo(f"envsnap: {plain(f'{path}: signed by {signer}')}", err=True)
    return api.unchanged(path, sha256)
