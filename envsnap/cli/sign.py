"""`envsnap sign`."""

from __future__ import annotations

from envsnap import api
from envsnap.cli import captured, declared, outputs


@declared.command()
@declared.argument("file", metavar="MANIFEST|PROOF|PLAN")
@declared.option(
    "--key",
    required=True,
    metavar="KEY",
    help="The SSH key: a private key, or the public key of one that the agent holds.",
)
@declared.option(
    "-o", "--output", metavar="FILE", help="Write the signature here (default: FILE.sig)."
)
@declared.option(
    "--statement", metavar="FILE", help="Also write the signed in-toto Statement here."
)
def command(file: str, key: str, output: str | None, statement: str | None) -> int:
    """Sign a manifest, a proof or a plan with an SSH key.

    The signature covers the file's SHA-256 and its fingerprint. diff, check, build and verify
    demand it with --allowed-signers.
    """
    signature, made = api.sign(file, key)
    named = output or f"{file}.sig"
    outputs.write(signature, named, 0o644)
    if statement is not None:
        outputs.write(made, statement, 0o644)
    captured.say(f"wrote {named}")
    return 0
