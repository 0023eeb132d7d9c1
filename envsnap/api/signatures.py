"""Signatures over manifests, proofs and plans."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from envsnap.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def sign(path: str, key: str) -> tuple[bytes, bytes]:
    """Sign a manifest, a proof or a plan; returns the signature and the statement that it signs.

    Raises InputError.
    """
    from envsnap.attest import openssh, statement
    from envsnap.intake import contents

    data = contents.raw(path, path)
    text = contents.plain(data)
    made = statement.of_file(data, text, path)
    if statement.kind_of(made) == statement.MANIFEST:
        from envsnap.model import codec

        codec.decode(text, path)  # nobody shall vouch for facts that were altered
    return openssh.sign(made, key), made


def signed_by(path: str, allowed_signers: str, signature: str | None = None) -> tuple[str, str]:
    """Return who signed a file, and the SHA-256 of the signed bytes.

    By default the signature is beside the file (FILE.sig). Raises SignatureError if it is not valid,
    and InputError if a file cannot be read.
    """
    from envsnap.attest import openssh, statement
    from envsnap.errors import SignatureError
    from envsnap.intake import contents

    if path == "-":
        raise InputError("standard input (-) cannot be signed: name a file")
    named = signature or f"{path}.sig"
    data = contents.raw(path, path)
    try:
        made = statement.of_file(data, contents.plain(data), path)
        said = contents.contents(named, named)
    except InputError as error:
        raise SignatureError(f"{error}: nothing signed can be read") from None
    return openssh.signer(made, said, allowed_signers, named), hashlib.sha256(data).hexdigest()


def unchanged(path: str, sha256: str) -> Callable[[], None]:
    """Return a function that checks, after reading, that a file is still the signed one."""

    def check() -> None:
        from envsnap.errors import SignatureError
        from envsnap.intake import contents

        if hashlib.sha256(contents.raw(path, path)).hexdigest() != sha256:
            raise SignatureError(f"{path}: changed after its signature was verified")

    return check
