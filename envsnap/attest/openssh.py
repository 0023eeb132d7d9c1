"""Signs and verifies with `ssh-keygen -Y`, in a namespace of ours; everyone has such a key."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence

from envsnap.errors import InputError, SignatureError

NAMESPACE = "envsnap"
BEGIN = b"-----BEGIN SSH SIGNATURE-----"
LARGEST = 64 << 10
SECONDS = 120.0  # a person may have to type a passphrase, or touch a key


def sign(statement: bytes, key: str) -> bytes:
    """Return the armoured signature of a statement.

    `key` is a private key, or a public one whose private half the agent holds. Raises InputError.
    """
    if not os.path.isfile(key):
        raise InputError(f"{key}: no such key")
    done = _run(["sign", "-q", "-f", key, "-n", NAMESPACE], statement)
    if done.returncode or BEGIN not in done.stdout:
        raise InputError(f"{key}: ssh-keygen did not sign: {_said(done)}")
    return done.stdout


def signer(statement: bytes, signature: bytes, allowed: str, name: str) -> str:
    """Return which allowed signer signed this statement.

    `allowed` is a file as ssh-keygen describes it under ALLOWED SIGNERS. Raises SignatureError
    for another statement, another signer, another namespace, or a signer no longer valid.
    """
    if len(signature) > LARGEST or not signature.lstrip().startswith(BEGIN):
        raise SignatureError(f"{name}: not an OpenSSH signature")
    if not os.path.isfile(allowed):
        raise InputError(f"{allowed}: no such file of allowed signers")
    with tempfile.TemporaryDirectory(prefix="envsnap-") as folder:
        path = os.path.join(folder, "signature")
        with open(path, "wb") as stream:
            stream.write(signature)
        found = _run(["find-principals", "-s", path, "-f", allowed], b"")
        names = found.stdout.decode("utf-8", "replace").splitlines()
        for principal in names[:100]:
            arguments = ["-f", allowed, "-I", principal, "-n", NAMESPACE, "-s", path]
            if _run(["verify", *arguments], statement).returncode == 0:
                return principal
    if not names:
        raise SignatureError(f"{name}: signed by nobody that {allowed} allows now")
    raise SignatureError(f"{name}: the signature does not match this file, or is not valid now")


def _run(arguments: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise InputError("ssh-keygen is not installed on this machine; install OpenSSH's client")
    try:
        return subprocess.run(
            [program, "-Y", *arguments],
            input=given,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"ssh-keygen did not answer within {SECONDS:g} s") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    text = done.stderr.decode("utf-8", "replace")
    return " ".join(text.split())[-300:] or f"exit code {done.returncode}"
